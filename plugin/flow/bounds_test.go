package flow

import (
	"fmt"
	"slices"
	"testing"
)

func TestMaxWriters(t *testing.T) {
	scenarios{
		{"one", Options{MaxWriters: 1}, `
			A writes 7 as /x
			B writes 7 as /x
			R reads 7 as /x => new process B -> R
			A reads 7 as /x => new process B -> A
			B reads 7 as /x => nothing
			count subjects 1`},
		{"two: the one that wrote longest ago goes", Options{MaxWriters: 2}, `
			A writes 7 as /x
			B writes 7 as /x
			A writes 7 as /x
			C writes 7 as /x
			R reads 7 as /x => new process C,A -> R
			count subjects 2`},
		{"two: who is known pushes nobody out", Options{MaxWriters: 2}, `
			A writes 7 as /x
			B writes 7 as /x
			A writes 7 as /x
			B writes 7 as /x
			R reads 7 as /x => new process B,A -> R`},
		{"of each object", Options{MaxWriters: 1}, `
			A writes 7 as /x
			B writes 8 as /y
			R reads 7 as /x => new process A -> R
			R reads 8 as /y => new process B -> R`},
	}.play(t)
}

func TestMaxWritersIsSixteen(t *testing.T) {
	tr := newTracker(t, Options{})
	for i := range 20 {
		s := tr.Subject(fmt.Sprint("w", i), Place{})
		tr.Write(InodeKey(1, 7), s, "/x", int64(i))
		tr.Release(s)
	}
	v := tr.Read(InodeKey(1, 7), tr.Subject("R", Place{}), "/x", OpRead, 20)
	w := v.Crossing(Process).Writers
	if len(w) != 16 || w[0].Domain != "w19" || w[15].Domain != "w4" {
		t.Errorf("%d writers from %s to %s, want 16 from w19 to w4", len(w), w[0].Domain, w[len(w)-1].Domain)
	}
	if n := tr.Stats().WritersEvicted; n != 4 {
		t.Errorf("%d writers evicted, want 4", n)
	}
}

func TestMaxObjects(t *testing.T) {
	scenarios{
		{"the least recently written goes first", Options{MaxObjects: 2}, `
			A writes 1 as /1
			A writes 2 as /2
			A writes 1 as /1
			A writes 3 as /3
			B reads 2 as /2 => nothing
			B reads 1 as /1 => new process A -> B
			B reads 3 as /3 => new process A -> B
			count objects 2`},
		{"a read refreshes nothing", Options{MaxObjects: 2}, `
			A writes 1 as /1
			A writes 2 as /2
			B reads 1 as /1 => new process A -> B
			B maps 1 as /1 => process A -> B
			A writes 3 as /3
			B reads 1 as /1 => nothing`},
		{"nor does news of it", Options{MaxObjects: 2}, `
			1 is a pipe
			A writes 1 as /1
			A writes 2 as /2
			1 is truncated
			1 is a pipe
			A writes 3 as /3
			B reads 1 as /1 => nothing`},
		{"one object only", Options{MaxObjects: 1}, `
			A writes 1 as /1
			B writes 2 as /2
			R reads 1 as /1 => nothing
			R reads 2 as /2 => new process B -> R
			count objects 1 subjects 1`},
		{"a forgotten object takes all its writers along", Options{MaxObjects: 1}, `
			A/c1/u1 writes 1 as /1
			B/c2/u2 writes 1 as /1
			C writes 2 as /2
			c1 is gone
			c2 is gone
			count objects 1 subjects 1 containers 0`},
	}.play(t)
}

func TestMaxFlows(t *testing.T) {
	scenarios{
		{"a flow that fell out is new again", Options{MaxFlows: 2}, `
			A writes 7 as /x
			B reads 7 as /1 => new process A -> B
			B reads 7 as /2 => new process A -> B
			B reads 7 as /3 => new process A -> B
			count flows 2
			B reads 7 as /2 => process A -> B
			B reads 7 as /1 => new process A -> B`},
		{"the least recently seen goes first", Options{MaxFlows: 2}, `
			A writes 7 as /x
			B reads 7 as /1 => new process A -> B
			B reads 7 as /2 => new process A -> B
			B reads 7 as /1 => process A -> B
			B reads 7 as /3 => new process A -> B
			B reads 7 as /1 => process A -> B`},
	}.play(t)
}

func TestEvictionsAreCounted(t *testing.T) {
	tr := play(t, Options{MaxObjects: 2, MaxWriters: 1, MaxFlows: 1}, `
		A writes 1 as /1
		B writes 1 as /1
		A writes 2 as /2
		A writes 3 as /3
		A writes 4 as /4
		B reads 3 as /3 => new process A -> B
		B reads 4 as /4 => new process A -> B`)
	s := tr.Stats()
	if s.Writes != 5 || s.Reads != 2 || s.Crossings != 2 || s.Flows[Process] != 2 ||
		s.ObjectsEvicted != 2 || s.WritersEvicted != 1 || s.FlowsEvicted != 1 {
		t.Errorf("%+v", s)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{MaxObjects: -1}, {MaxWriters: -1}, {MaxFlows: 1<<30 + 1}} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v): no error", o)
		}
	}
}

// Whoever remembers objects as well learns which there are, and which are gone for want
// of room.
func TestKeysAndEvicted(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 2})
	var gone []Key
	tr.OnEvict(func(k Key) { gone = append(gone, k) })
	tr.OnChange(nil)
	w := tr.Subject("A", Place{})
	for ino := range uint64(4) {
		tr.Write(FileKey(1, 2, ino), w, "/x", 100)
	}
	tr.Truncated(FileKey(1, 2, 2)) // not for want of room
	if want := []Key{FileKey(1, 2, 0), FileKey(1, 2, 1)}; !slices.Equal(gone, want) {
		t.Errorf("gone are %v, want %v", gone, want)
	}
	if got, want := tr.Keys(), []Key{FileKey(1, 2, 3)}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
}
