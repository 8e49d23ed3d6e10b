// Package vhd reads and writes virtual hard disks of Microsoft's first format,
// ".vhd", as the "Virtual Hard Disk Image Format Specification" 1.0 (2006)
// describes it. All numbers on disk are big endian.
//
//	fixed     data                                                   footer
//	dynamic   footer copy | header | BAT | bitmap, block | ... |     footer
//
// Fixed, dynamic and differencing images are read; a differencing one tells
// where its parent is ([Disk.Parent]), and reads through it once the two were
// joined. [Open] needs three small reads at most (footer, header, allocation
// table) and every later read goes straight to the data, so that an image may
// lie on a slow share.
package vhd

import "bytes"

// The subformats of a VHD, as [Disk.Subformat] and [Options] name them.
const (
	Fixed        = "fixed"
	Dynamic      = "dynamic"
	Differencing = "differencing"
)

// sectorSize is the unit of every offset in the allocation table. VHD knows no
// other sector size (specification, "Block Allocation Table").
const sectorSize = 512

// maxDiskSize is the largest disk the format allows: 2040 GiB (specification,
// "Hard Disk Footer Format": block addresses are 32 bit sector numbers).
const maxDiskSize = 2040 << 30

// Detect reports whether tail, the last bytes of a file, or head, its first
// ones, carry the footer's cookie. 512 bytes of each are enough; either may be
// nil. The old footer of 511 bytes is recognised too.
func Detect(head, tail []byte) bool {
	if bytes.HasPrefix(head, []byte(footerCookie)) {
		return true
	}
	if len(tail) > footerSize {
		tail = tail[len(tail)-footerSize:]
	}
	return cookieShift(tail) >= 0
}

// cookieShift returns where in the last sector the footer starts: 0 or, for
// footers written before Virtual PC 2004, 1. It is -1 when there is none.
func cookieShift(tail []byte) int {
	for shift := 0; shift <= 1 && shift < len(tail); shift++ {
		if bytes.HasPrefix(tail[shift:], []byte(footerCookie)) {
			return shift
		}
	}
	return -1
}
