// Package fat reads FAT12, FAT16 and FAT32 volumes as file systems, and makes FAT32 volumes.
//
// [Open] takes a volume (a partition or a bare image) as an [io.ReaderAt] and answers an [FS], which is an [io/fs.FS].
// [Format] writes a tree of files as a new FAT32 volume; [SizeFor] tells how large it has to be.
//
// The input is taken to be hostile: every cluster is checked against the volume, chains that run in circles end, and
// every allocation is bounded by bytes that were really read or by a fixed cap.
//
// Layout follows Microsoft's "FAT: General Overview of On-Disk Format" (fatgen103), whose field names (BPB_, BS_, FSI_,
// DIR_, LDIR_) the comments use. All integers are little endian.
package fat
