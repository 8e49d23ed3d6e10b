package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// A journal begins with eight bytes that name the format and sixteen that name the copy. Then come records, little endian:
//
//	offset 0   4   index of the file in copy.json
//	offset 4   8   index of the chunk in the file
//	offset 12  32  SHA-256 of the chunk
//	offset 44  4   CRC-32C of the 44 bytes before
//
// A later record of the same chunk counts instead of the earlier one.
const (
	journalMagic  = "BERTHCJ1"
	journalHeader = 8 + 16
	journalRecord = 48
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // a table of constants

// place names a chunk of a copy.
type place struct {
	file  int
	chunk int64
}

// digest is the SHA-256 of a chunk.
type digest = [sha256.Size]byte

// errForeign tells that a journal is none, or another copy's.
var errForeign = errors.New("not the journal of this copy")

// readJournal reads records up to the first that is torn or no record, and returns them with the length of what is whole.
// valid tells which places there are; most bounds the records, so that a damaged file costs no more than a whole one.
func readJournal(r io.Reader, id [16]byte, valid func(place) bool, most int64) (have map[place]digest, whole int64, err error) {
	head := make([]byte, journalHeader)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:8]) != journalMagic || !bytes.Equal(head[8:], id[:]) {
		return nil, 0, errForeign
	}
	have, whole = map[place]digest{}, journalHeader
	rec := make([]byte, journalRecord)
	for range most {
		if _, err := io.ReadFull(r, rec); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil // the end, or torn: the rest is written again
			}
			return have, whole, err
		}
		at := place{int(binary.LittleEndian.Uint32(rec)), int64(binary.LittleEndian.Uint64(rec[4:]) & (1<<63 - 1))}
		if crc32.Checksum(rec[:44], castagnoli) != binary.LittleEndian.Uint32(rec[44:]) || !valid(at) {
			return have, whole, nil
		}
		have[at] = digest(rec[12:44])
		whole += journalRecord
	}
	return have, whole, nil
}

// appendRecord adds the record of a chunk.
func appendRecord(b []byte, at place, sum digest) []byte {
	begin := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(at.file))
	b = binary.LittleEndian.AppendUint64(b, uint64(at.chunk))
	b = append(b, sum[:]...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli))
}

// journal is open for appending.
type journal struct {
	file *os.File
	end  int64
}

// openJournal reads the journal of a copy and cuts what is torn off it. One that is not there, or another's, begins anew.
func openJournal(root *os.Root, id [16]byte, valid func(place) bool, most int64) (*journal, map[place]digest, error) {
	f, err := root.OpenFile("journal", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	have, whole, err := readJournal(f, id, valid, most)
	if errors.Is(err, errForeign) {
		have, whole = map[place]digest{}, journalHeader
		_, err = f.WriteAt(append([]byte(journalMagic), id[:]...), 0)
	}
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	}
	return &journal{f, whole}, have, nil
}

// add appends records and makes them last. The chunks that they tell of must have been made to last before.
func (j *journal) add(records []byte) error {
	if _, err := j.file.WriteAt(records, j.end); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.end += int64(len(records))
	return nil
}
