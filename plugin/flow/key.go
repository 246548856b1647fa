package flow

import (
	"hash/maphash"
	"math/bits"
)

// A Key names an object: a device and an inode on it, or, where no inode is
// known, a path inside one container (see PathKey).
type Key struct {
	dev, ino uint64
}

// pathBit marks the keys that stand for a path; device numbers have 32 bits.
const pathBit = 1 << 63

// InodeKey names the object behind an inode of a device.
func InodeKey(dev uint32, ino uint64) Key { return Key{uint64(dev), ino} }

// Keys makes and hashes keys with seeds of its own, so that nobody can choose
// paths or inodes that collide.
type keys struct {
	high, low maphash.Seed
	mix       uint64
}

func newKeys() keys {
	return keys{maphash.MakeSeed(), maphash.MakeSeed(), maphash.String(maphash.MakeSeed(), "")}
}

// PathKey names an object by its path in a container, for captures that know no
// inodes. The same path in two containers is two objects.
func (t *Tracker) PathKey(container, path string) Key {
	return Key{pathHash(t.keys.high, container, path) | pathBit, pathHash(t.keys.low, container, path)}
}

func pathHash(seed maphash.Seed, container, path string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(container)
	h.WriteByte(0)
	h.WriteString(path)
	return h.Sum64()
}

// Hash spreads keys over 32 bits.
func (t *Tracker) Hash(k Key) uint32 { return t.keys.hash(k) }

func (s *keys) hash(k Key) uint32 {
	hi, lo := bits.Mul64(k.ino^s.mix, k.dev^0x9e3779b97f4a7c15)
	hi2, lo2 := bits.Mul64(hi^lo^k.ino, s.mix|1)
	return uint32((hi2 ^ lo2) >> 16)
}
