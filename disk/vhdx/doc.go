// Package vhdx reads and writes virtual hard disks of Microsoft's second
// format, ".vhdx", as [MS-VHDX] describes it. All numbers are little endian.
//
//	0      file identifier
//	64 K   header 1        128 K  header 2          (the newer sound one counts)
//	192 K  region table 1  256 K  region table 2    (copies)
//	1 M…   log, metadata region, block allocation table (BAT), payload blocks
//
// Fixed, dynamic and differencing images with sectors of 512 or 4096 bytes are
// read. A differencing one tells where its parent is ([Disk.Parent]), and reads
// through it once the two were joined. A log that a crash left behind is
// replayed in memory: the file is never written.
// [Open] needs three or four reads (front, log, metadata, BAT); every later
// read goes straight to the data.
package vhdx

import "bytes"

// The subformats of a VHDX, as [Disk.Subformat] and [Options] name them.
const (
	Fixed        = "fixed"
	Dynamic      = "dynamic"
	Differencing = "differencing"
)

const (
	kib = 1 << 10
	mib = 1 << 20

	signature = "vhdxfile" // [MS-VHDX] 2.2.1

	headerAt1  = 64 * kib // [MS-VHDX] 2.2
	headerAt2  = 128 * kib
	regionsAt1 = 192 * kib
	regionsAt2 = 256 * kib
	frontSize  = 320 * kib // everything up to the end of the second region table
)

// Detect reports whether head, the first bytes of a file, starts a VHDX.
func Detect(head []byte) bool {
	return bytes.HasPrefix(head, []byte(signature))
}
