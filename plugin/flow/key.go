package flow

import "math/bits"

// A Key names an object: a device and an inode on it, or, where no inode is
// known, a path inside one container (see PathKey).
type Key struct {
	dev, ino uint64
}

// noDevice marks the keys that stand for a path: no device has this number.
const noDevice = 1<<32 - 1

// InodeKey names the object behind an inode of a device.
func InodeKey(dev uint32, ino uint64) Key { return Key{uint64(dev), ino} }

// FileKey names an object where the inode's generation is known too: a number that is
// used again comes with another one.
func FileKey(dev, generation uint32, ino uint64) Key {
	return Key{uint64(generation)<<32 | uint64(dev), ino}
}

// File undoes FileKey.
func (k Key) File() (dev, generation uint32, ino uint64) {
	return uint32(k.dev), uint32(k.dev >> 32), k.ino
}

// plain tells a key that is a device and an inode alone.
func (k Key) plain() bool { return k.dev < noDevice }

// The kinds of hashes, behind those of flows, which are granularities.
const (
	pathHigh = 'p'
	pathLow  = 'q'
)

// PathKey names an object by its path in a container, for captures that know no
// inodes. The same path in two containers is two objects.
func (t *Tracker) PathKey(container, path string) Key {
	return Key{t.secret.hash(pathHigh, container, path) | noDevice, t.secret.hash(pathLow, container, path)}
}

// Hash spreads keys over 32 bits, so that nobody can choose inodes that collide.
func (t *Tracker) Hash(k Key) uint32 { return t.secret.spread(k) }

func (s *secret) spread(k Key) uint32 {
	hi, lo := bits.Mul64(k.ino^s.k0, k.dev^s.k1)
	hi2, lo2 := bits.Mul64(hi^lo^k.ino, s.k1|1)
	return uint32((hi2 ^ lo2) >> 16)
}
