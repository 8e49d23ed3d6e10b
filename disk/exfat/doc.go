// Package exfat reads exFAT volumes as file systems, after Microsoft's "exFAT file system specification" (2019), whose
// section and field names the comments use. All integers are little endian.
//
// Read are volumes with sectors of 512 to 4096 bytes and clusters up to 32 MiB, files in one piece (NoFatChain) and in
// chains, data that was never written (ValidDataLength). The main boot region and the sets of entries of a directory are
// held to their checksums; where the main boot region is damaged, its backup stands in. Deleted entries, the volume's own
// and those that are marked as benign are passed over; ones that a reader must know and this one does not are
// [ErrUnsupported].
//
// The input is taken to be hostile: every number is checked against the volume, every chain ends, and a directory that is
// in two places is damage, which gives every walk an end.
package exfat
