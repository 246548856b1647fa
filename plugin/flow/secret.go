package flow

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/dchest/siphash"
)

// A Secret is the key of hashes that stand for texts: of paths, and of flows that
// were seen. It is drawn for each Tracker and saved with it, so that the hashes
// stay good and nobody can choose names that collide.
type secret struct {
	k0, k1 uint64
	buf    []byte // used again
}

func newSecret() *secret {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program rather
	return &secret{k0: binary.LittleEndian.Uint64(b[:]), k1: binary.LittleEndian.Uint64(b[8:])}
}

// hash hashes texts, kept apart by a NUL, which no name and no path holds. Kind
// keeps hashes for different uses apart.
func (s *secret) hash(kind byte, texts ...string) uint64 {
	s.buf = append(s.buf[:0], kind)
	for _, t := range texts {
		s.buf = append(append(s.buf, t...), 0)
	}
	return siphash.Hash(s.k0, s.k1, s.buf)
}
