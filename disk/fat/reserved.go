package fat

import "encoding/binary"

// Sectors of the reserved area, and what FSInfo is recognised by.
const (
	fsInfoSector = 1
	backupSector = 6
	fsiLeadSig   = 0x41615252
	fsiStrucSig  = 0x61417272
	fsiTrailSig  = 0xAA550000
)

// writeReserved writes boot sector, FSInfo, the third boot sector, and the copies of all three.
func (f *formatter) writeReserved() error {
	b := make([]byte, int64(f.reserved)*sectorSize)
	f.boot(b)
	info := b[fsInfoSector*sectorSize:]
	binary.LittleEndian.PutUint32(info, fsiLeadSig)
	binary.LittleEndian.PutUint32(info[484:], fsiStrucSig)
	binary.LittleEndian.PutUint32(info[488:], f.clusters+2-f.free) // FSI_Free_Count
	binary.LittleEndian.PutUint32(info[492:], f.free)              // FSI_Nxt_Free
	binary.LittleEndian.PutUint32(info[508:], fsiTrailSig)
	b[3*sectorSize-2], b[3*sectorSize-1] = 0x55, 0xAA
	copy(b[backupSector*sectorSize:], b[:3*sectorSize])
	_, err := f.w.WriteAt(b, 0)
	return err
}

// boot fills the boot sector (BPB and BS fields). Its code halts the processor: the volume is not for booting.
func (f *formatter) boot(b []byte) {
	copy(b, "\xEB\x58\x90MSDOS5.0")                            // BS_jmpBoot, BS_OEMName
	binary.LittleEndian.PutUint16(b[11:], sectorSize)          // BPB_BytsPerSec
	b[13] = byte(f.perCluster)                                 // BPB_SecPerClus
	binary.LittleEndian.PutUint16(b[14:], uint16(f.reserved))  // BPB_RsvdSecCnt
	b[16] = 2                                                  // BPB_NumFATs
	b[21] = 0xF8                                               // BPB_Media: fixed
	binary.LittleEndian.PutUint16(b[24:], 63)                  // BPB_SecPerTrk
	binary.LittleEndian.PutUint16(b[26:], 255)                 // BPB_NumHeads
	binary.LittleEndian.PutUint32(b[28:], f.opt.HiddenSectors) // BPB_HiddSec
	binary.LittleEndian.PutUint32(b[32:], f.sectors)           // BPB_TotSec32
	binary.LittleEndian.PutUint32(b[36:], f.table)             // BPB_FATSz32
	binary.LittleEndian.PutUint32(b[44:], 2)                   // BPB_RootClus
	binary.LittleEndian.PutUint16(b[48:], fsInfoSector)        // BPB_FSInfo
	binary.LittleEndian.PutUint16(b[50:], backupSector)        // BPB_BkBootSec
	b[64] = 0x80                                               // BS_DrvNum
	b[66] = 0x29                                               // BS_BootSig
	binary.LittleEndian.PutUint32(b[67:], f.opt.Serial)        // BS_VolID
	copy(b[71:], "NO NAME    FAT32   ")                        // BS_VolLab, BS_FilSysType
	copy(b[71:82], f.label)
	copy(b[90:], "\xF4\xEB\xFD") // hlt, and again
	b[510], b[511] = 0x55, 0xAA  // Signature_word
}
