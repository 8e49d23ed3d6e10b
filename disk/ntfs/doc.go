// Package ntfs reads NTFS volumes as file systems.
//
// [Open] takes a volume (a partition or a bare image) as an [io.ReaderAt] and answers an [FS], which is an [io/fs.FS].
// Nothing is written, and $LogFile is not replayed: a volume that was not dismounted cleanly is read as it lies.
//
// What is read: cluster sizes from 512 bytes to 2 MiB, fragmented $MFT, attribute lists, resident, sparse and
// LZNT1-compressed data, files compressed by the Windows overlay filter (WOF: XPRESS and LZX), hard links, large
// directories. What is named and refused with [ErrUnsupported]: reparse points (symbolic links, junctions, cloud files)
// and encrypted files. What is hidden: the
// volume's own files ($MFT and its like), alternate data streams, and names that exist only for DOS.
//
// The input is taken to be hostile. Every length is checked against the bytes that hold it, every allocation is bounded
// by bytes that were really read or by a fixed cap, and every walk ends on a cycle.
//
// Layout follows Microsoft's published structures (Windows Internals, "NTFS on-disk structure"; MS-FSCC for file
// attributes, reparse tags and times; MS-XCA 2.5 for LZNT1 and 2.2 for XPRESS, MS-PATCH for LZX). Section names in the comments are those of the structures:
// BOOT_SECTOR, FILE_RECORD_SEGMENT_HEADER, ATTRIBUTE_RECORD_HEADER, ATTRIBUTE_LIST_ENTRY, FILE_NAME, INDEX_HEADER,
// INDEX_ALLOCATION_BUFFER, INDEX_ENTRY, STANDARD_INFORMATION. All integers are little endian.
package ntfs
