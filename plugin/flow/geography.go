package flow

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/elastic/go-freelru"
)

// maxSights bounds what is remembered of where containers see devices.
const maxSights = 1 << 15

// Geography remembers on which device a container saw which folders. An exec
// knows its path and inode but not its device, and inode numbers of two devices
// coincide all the time: a pipe below /run and a program below /usr, say. What is
// remembered can rule a device out, and never rules one in.
type geography struct {
	lru    *freelru.LRU[uint64, uint64] // a sight's hash: the device, or 0
	seed   maphash.Seed
	places *places // a container's id outlives its handle
}

// The kinds of sights: a container saw a device at all, saw it below a folder of
// the root, saw any device there, saw one in just this folder.
const (
	sawDevice byte = iota
	sawBelow
	sawAny
	sawFolder
)

func newGeography(p *places) (geography, error) {
	lru, err := freelru.New[uint64, uint64](maxSights, func(k uint64) uint32 { return uint32(k >> 32) })
	return geography{lru, maphash.MakeSeed(), p}, err
}

func (g *geography) key(kind byte, c containerID, dev uint64, folder string) uint64 {
	var h maphash.Hash
	h.SetSeed(g.seed)
	maphash.WriteComparable(&h, struct {
		kind byte
		dev  uint64
	}{kind, dev})
	h.WriteString(g.places.containers.list[c].id)
	h.WriteByte(0)
	h.WriteString(folder)
	return h.Sum64()
}

// top is the first element of a path.
func top(path string) string {
	rest := strings.TrimPrefix(path, "/")
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// saw learns from an access: the container sees the device at the path.
func (g *geography) saw(c containerID, dev uint64, path string) {
	dir, _ := cut(path)
	folder := g.key(sawFolder, c, 0, dir)
	if known, ok := g.lru.Get(folder); ok && known == dev {
		return // and so the other two are known
	}
	g.lru.Add(folder, dev)
	g.lru.Add(g.key(sawDevice, c, dev, ""), 0)
	g.lru.Add(g.key(sawBelow, c, dev, top(path)), 0)
	g.lru.Add(g.key(sawAny, c, 0, top(path)), 0)
}

// programFolders are those folders of the root where a system keeps its programs,
// and hardly anybody mounts a volume.
var programFolders = []string{"bin", "lib", "lib64", "sbin", "usr"}

// unlikely tells whether what the container saw speaks against the path lying on
// the device: its folder was on another one; or the device was never seen below
// that folder of the root, but elsewhere, or others were seen there and it is one
// of a system's own.
func (g *geography) unlikely(c containerID, dev uint64, path string) bool {
	dir, _ := cut(path)
	if on, ok := g.lru.Peek(g.key(sawFolder, c, 0, dir)); ok {
		return on != dev
	}
	return !g.lru.Contains(g.key(sawBelow, c, dev, top(path))) &&
		(g.lru.Contains(g.key(sawDevice, c, dev, "")) ||
			slices.Contains(programFolders, top(path)) && g.lru.Contains(g.key(sawAny, c, 0, top(path))))
}
