package kernel

import (
	"os"
	"strings"
	"time"

	"github.com/elastic/go-freelru"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/identity"
)

// Names knows the pods of containers. Ask starts to find one out, by the container's
// short id, and returns at once or after a moment; answers come from Answers, late or
// never.
type Names interface {
	Ask(container string)
	Answers() <-chan flow.Description
}

// A place is a container as one of its cgroups names it; that of the host is empty.
type place struct {
	flow.Place
	path string
}

// places knows the cgroups that were named, and who is in them.
type places struct {
	feed   *Feed
	known  *freelru.LRU[uint64, place]
	in     map[string]int // container ids, and how many known cgroups name each
	looked time.Time
}

// maxPlaces is how many cgroups are known at once; as many as the programs know.
const maxPlaces = 4096

func newPlaces(f *Feed) places {
	p := places{feed: f, in: map[string]int{}, looked: time.Now()}
	p.known, _ = freelru.New[uint64, place](maxPlaces, func(id uint64) uint32 {
		return uint32(id * 0x9e3779b97f4a7c15 >> 32)
	})
	return p
}

// named takes a cgroup's path.
func (p *places) named(r *Record) {
	at := place{path: r.Path}
	if c, ok := identity.FromCgroup(r.Path); ok {
		at.Place = flow.Place{Container: c.ID, PodUID: c.PodUID}
		if p.in[c.ID] == 0 && p.feed.o.Names != nil {
			p.feed.o.Names.Ask(c.ID)
		}
		p.in[c.ID]++
		p.feed.o.Log("container %s: cgroup %d is %s", c.ID, r.Subject.Cgroup, shown(r.Path))
	}
	if old, ok := p.known.Peek(r.Subject.Cgroup); ok {
		p.left(old)
	}
	p.known.Add(r.Subject.Cgroup, at)
	p.answers()
}

// of tells where a record's subject is.
func (p *places) of(r *Record) flow.Place {
	at, ok := p.known.Get(r.Subject.Cgroup)
	if !ok {
		p.feed.stats.UnknownPlace++
	}
	return at.Place
}

// answers takes in what is known of containers by now.
func (p *places) answers() {
	if p.feed.o.Names == nil {
		return
	}
	for {
		select {
		case d := <-p.feed.o.Names.Answers():
			p.feed.o.Tracker.Describe(d)
		default:
			return
		}
	}
}

// lookEvery is how often it is looked whether cgroups are still there.
const lookEvery = 10 * time.Second

// look takes in answers, and gives up containers whose cgroups are gone.
func (p *places) look() {
	p.answers()
	if time.Since(p.looked) < lookEvery {
		return
	}
	p.looked = time.Now()
	roots := cgroupRoots()
	for _, id := range p.known.Keys() {
		at, _ := p.known.Peek(id)
		if at.Container != "" && !anyBelow(roots, at.path) {
			p.known.Remove(id)
			p.left(at)
		}
	}
}

func (p *places) left(at place) {
	if at.Container == "" {
		return
	}
	if p.in[at.Container]--; p.in[at.Container] <= 0 {
		delete(p.in, at.Container)
		p.feed.o.Tracker.Remove(at.Container)
		p.feed.o.Log("container %s is gone", at.Container)
	}
}

// cgroupRoots lists where hierarchies of cgroups are mounted.
func cgroupRoots() (roots []string) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") {
			roots = append(roots, f[1])
		}
	}
	return roots
}

// anyBelow tells whether a path is there below one of the roots. Where no root is
// mounted nothing can be said, and it is taken to be.
func anyBelow(roots []string, path string) bool {
	for _, root := range roots {
		if _, err := os.Stat(root + path); err == nil {
			return true
		}
	}
	return len(roots) == 0
}
