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
// never. The Feed's lock is not held meanwhile.
type Names interface {
	Ask(container string)
	Answers() <-chan flow.Description
}

// A place is a container as one of its cgroups names it; that of the host is empty.
type place struct {
	flow.Place
	path   string
	root   string // where its hierarchy is mounted, once it was found there
	missed bool   // it was not there any more when last looked for
}

// places knows the cgroups that were named, and who is in them.
type places struct {
	feed   *Feed
	known  *freelru.LRU[uint64, *place]
	in     map[string]int // container ids, and how many known cgroups name each
	roots  []string       // where hierarchies of cgroups are mounted
	sees   bool           // a container's cgroup was found below one of them
	looked time.Time
}

// maxPlaces is how many cgroups are known at once: more than the programs know, since
// what they do they will not name again.
const maxPlaces = 4 * 4096

func newPlaces(f *Feed) places {
	p := places{feed: f, in: map[string]int{}, roots: cgroupRoots(), looked: time.Now()}
	p.known, _ = freelru.New[uint64, *place](maxPlaces, func(id uint64) uint32 {
		return uint32(id * 0x9e3779b97f4a7c15 >> 32)
	})
	p.known.SetOnEvict(func(_ uint64, at *place) { f.places.left(at) })
	return p
}

// ask asks for the pod of a container whose first cgroup is named. That may take a
// moment, so the lock must not be held.
func (p *places) ask(r *Record) {
	if r.Kind != Cgroup || p.feed.o.Names == nil {
		return
	}
	if c, ok := identity.FromCgroup(r.Path); ok && p.in[c.ID] == 0 {
		p.feed.o.Names.Ask(c.ID)
	}
}

// named takes a cgroup's path.
func (p *places) named(r *Record) {
	at := &place{path: r.Path}
	if c, ok := identity.FromCgroup(r.Path); ok {
		at.Place = flow.Place{Container: c.ID, PodUID: c.PodUID}
		p.in[c.ID]++
		p.feed.o.Log("container %s: cgroup %d is %s", c.ID, r.Subject.Cgroup, shown(r.Path))
		p.find(at)
	}
	if old, ok := p.known.Peek(r.Subject.Cgroup); ok {
		p.left(old)
	} else if p.feed.stats.UnknownPlace > 0 {
		p.feed.release(r.Subject.Cgroup) // they were taken for the host's
	}
	p.known.Add(r.Subject.Cgroup, at)
	p.answers()
}

// of tells where a record's subject is.
func (p *places) of(r *Record) flow.Place {
	at, ok := p.known.Get(r.Subject.Cgroup)
	if !ok {
		p.feed.stats.UnknownPlace++
		return flow.Place{}
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
			p.feed.o.Log("container %s is in pod %s/%s", d.Container, shown(d.PodNamespace), shown(d.PodName))
		default:
			return
		}
	}
}

// lookEvery is how often it is looked whether cgroups are still there.
const lookEvery = 5 * time.Second

// look tells which cgroups are gone: what was missed the last time already, so that
// nothing of theirs is in the ring any more.
func (p *places) look(now time.Time) (gone []uint64) {
	if now.Sub(p.looked) < lookEvery {
		return nil
	}
	p.looked = now
	for _, id := range p.known.Keys() {
		at, _ := p.known.Peek(id)
		if p.find(at) {
			at.missed = false
		} else if at.missed {
			gone = append(gone, id)
		} else {
			at.missed = true
		}
	}
	if !p.sees {
		return nil // a container's own view of its cgroups shows no others
	}
	return gone
}

// find tells whether a cgroup is there.
func (p *places) find(at *place) bool {
	for _, root := range append([]string{at.root}, p.roots...) {
		if root == "" {
			continue
		}
		if _, err := os.Stat(root + at.path); err == nil {
			at.root, p.sees = root, p.sees || at.Container != ""
			return true
		}
	}
	return false
}

// leave gives cgroups up, and the containers that were in them.
func (p *places) leave(gone []uint64) {
	if len(gone) == 0 {
		return
	}
	p.feed.release(gone...)
	for _, id := range gone {
		p.known.Remove(id)
	}
}

func (p *places) left(at *place) {
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
