package spill

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A key is an object's.
type key [16]byte

// A record lies in a file and in the buffer alike: a checksum of all that follows,
// the length of the value, the key, and the value.
const (
	headerBytes = 4 + 2 + 16
	maxValue    = 1<<16 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord leaves the checksum to seal.
func appendRecord(b []byte, k key, value []byte) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, k[:]...)
	return append(b, value...)
}

// seal writes the checksum of the record that b begins with.
func seal(b []byte) {
	n := recordBytes(b)
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:n], castagnoli))
}

// recordBytes is the length of the record that b begins with, by its header.
func recordBytes(b []byte) int {
	return headerBytes + int(binary.LittleEndian.Uint16(b[4:]))
}

func recordKey(b []byte) key { return key(b[6:headerBytes]) }

// sound tells whether b begins with a whole record, as it was sealed.
func sound(b []byte) bool {
	if len(b) < headerBytes {
		return false
	}
	n := recordBytes(b)
	return len(b) >= n && crc32.Checksum(b[4:n], castagnoli) == binary.LittleEndian.Uint32(b)
}

// A secret makes hashes that nobody can choose keys for.
type secret [3]uint64

func (s *secret) hash(k key) uint64 {
	a, b := binary.LittleEndian.Uint64(k[:]), binary.LittleEndian.Uint64(k[8:])
	return fold(fold(a^s[0], b^s[1])^a, s[2]|1) ^ b*0x9e3779b97f4a7c15
}

func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
