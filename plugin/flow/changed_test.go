package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestChangedIsCalledWhereAnAnswerMayChange(t *testing.T) {
	changed := ""
	tr := newTracker(t, Options{MaxObjects: 2, MaxWriters: 2, Changed: func(k Key) { changed += fmt.Sprint(" ", k.ino) }})
	a, b, c := tr.Subject("A", Place{}), tr.Subject("B", Place{}), tr.Subject("C", Place{})
	k1, k2, k3, k4 := InodeKey(1, 1), InodeKey(1, 2), InodeKey(1, 3), InodeKey(1, 4)
	for _, tt := range []struct {
		what string
		do   func()
		want string
	}{
		{"first write", func() { tr.Write(k1, a, "/x", 1) }, " 1"},
		{"again", func() { tr.Write(k1, a, "/x", 2) }, ""},
		{"by another name of the object", func() { tr.Write(k1, a, "/y", 3) }, ""},
		{"read", func() { tr.Read(k1, b, "/x", OpRead, 4) }, ""},
		{"second writer", func() { tr.Write(k1, b, "/x", 5) }, " 1"},
		{"first writer once more", func() { tr.Write(k1, a, "/x", 6) }, ""},
		{"third writer, of two that fit", func() { tr.Write(k1, c, "/x", 7) }, " 1"},
		{"read of an unknown object", func() { tr.Read(k3, b, "/x", OpRead, 8) }, ""},
		{"news of unknown objects", func() { tr.Created(k3); tr.Truncated(k3); tr.Pipe(k4) }, ""},
		{"another object", func() { tr.Write(k2, a, "/2", 9) }, " 2"},
		{"a third, of two that fit", func() { tr.Write(k3, a, "/3", 10) }, " 3 1"},
		{"truncated", func() { tr.Truncated(k2) }, " 2"},
		{"truncated again", func() { tr.Truncated(k2) }, ""},
		{"created", func() { tr.Created(k3) }, " 3"},
		{"a pipe", func() { tr.Write(k4, a, "/p", 11) }, " 4"},
		{"truncated, which empties no pipe", func() { tr.Truncated(k4) }, ""},
		{"a pipe once more", func() { tr.Pipe(k4) }, ""},
		{"a file in its place", func() { tr.Created(k4) }, " 4"},
	} {
		changed = ""
		if tt.do(); changed != tt.want {
			t.Errorf("%s: changed%s, want%s", tt.what, changed, tt.want)
		}
	}
}

// A trustingCache is what a caller may keep of the answers: whether and whose
// data a subject reads, in no order, until the object has changed or somebody
// was described.
type trustingCache map[Key]map[string][]string

func (c trustingCache) set(k Key, who string, domains []string) {
	if c[k] == nil {
		c[k] = map[string][]string{}
	}
	c[k][who] = domains
}

// TestChangedIsNeverMissed keeps every answer for as long as it may and asks
// anew each time.
func TestChangedIsNeverMissed(t *testing.T) {
	hits := 0
	for _, opts := range []Options{{}, {MaxObjects: 3}, {MaxWriters: 1}, {MaxWriters: 2}, {MaxObjects: 2, MaxWriters: 2}} {
		for seed := range uint64(20) {
			hits += trust(t, opts, seed)
		}
	}
	if hits < 2000 {
		t.Errorf("only %d answers could be compared", hits)
	}
}

// trust tells how many answers were there already.
func trust(t *testing.T, opts Options, seed uint64) (hits int) {
	cache := trustingCache{}
	opts.Changed = func(k Key) { delete(cache, k) }
	p := &player{rand.New(rand.NewPCG(seed, 2)), newTracker(t, opts), 0}
	for range 600 {
		p.tick()
		k, process, at := p.key(), p.process(), p.placeForGood()
		s := p.tracker.Subject(process, at)
		switch n := p.IntN(100); {
		case n < 25:
			p.tracker.Write(k, s, p.path(), p.now)
		case n < 88:
			who := fmt.Sprint(process, at)
			got := domains(p.tracker.Read(k, s, p.path(), OpRead, p.now))
			if want, ok := cache[k][who]; ok {
				hits++
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: %s reads %v of %v, but %v before", seed, who, got, k, want)
				}
			}
			cache.set(k, who, got)
		case n < 89:
			d := p.description()
			d.Place = at
			p.tracker.Describe(d)
			clear(cache)
		case n < 92:
			p.tracker.Remove(p.container())
		case n < 94:
			p.tracker.Created(k)
		case n < 98:
			p.tracker.Truncated(k)
		default:
			p.tracker.Pipe(k)
		}
		p.tracker.Release(s)
	}
	return hits
}

// placeForGood is a place whose pod, if any, is known from the start.
func (p *player) placeForGood() Place {
	return [...]Place{{}, {"c1", "u1"}, {"c2", "u1"}, {"c3", "u2"}, {"c4", ""}}[p.IntN(5)]
}

// domains are the writers by granularity, in no order.
func domains(v *Verdict) []string {
	if v == nil {
		return nil
	}
	var all []string
	for _, g := range Granularities {
		for _, w := range v.Crossing(g).Writers {
			all = append(all, g.String()+" "+w.Domain)
		}
	}
	slices.Sort(all)
	return all
}
