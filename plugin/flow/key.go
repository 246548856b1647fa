package flow

import "math/bits"

// A Key names an object: a device and an inode on it, or, where no inode is
// known, a path inside one container (see PathKey).
type Key struct {
	dev, ino uint64
}

// pathBit marks the keys that stand for a path; device numbers have 32 bits.
const pathBit = 1 << 63

// InodeKey names the object behind an inode of a device.
func InodeKey(dev uint32, ino uint64) Key { return Key{uint64(dev), ino} }

// The kinds of hashes, behind those of flows, which are granularities.
const (
	pathHigh = 'p'
	pathLow  = 'q'
)

// PathKey names an object by its path in a container, for captures that know no
// inodes. The same path in two containers is two objects.
func (t *Tracker) PathKey(container, path string) Key {
	return Key{t.secret.hash(pathHigh, container, path) | pathBit, t.secret.hash(pathLow, container, path)}
}

// Hash spreads keys over 32 bits, so that nobody can choose inodes that collide.
func (t *Tracker) Hash(k Key) uint32 { return t.secret.spread(k) }

func (s *secret) spread(k Key) uint32 {
	hi, lo := bits.Mul64(k.ino^s.k0, k.dev^s.k1)
	hi2, lo2 := bits.Mul64(hi^lo^k.ino, s.k1|1)
	return uint32((hi2 ^ lo2) >> 16)
}
