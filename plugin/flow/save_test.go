package flow

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func saved(t *Tracker) (b []byte) {
	s := t.Save()
	for more := true; more; {
		b, more = s.Next(b)
	}
	return b
}

// TestSavedAndLoaded plays the same random calls to a Tracker that is never saved
// and to one that is saved and loaded again after every few of them.
func TestSavedAndLoaded(t *testing.T) {
	for _, opts := range []Options{{}, {MaxObjects: 3}, {MaxWriters: 2}, {MaxFlows: 5}} {
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, 2))
			one := &player{rand.New(rand.NewPCG(seed, 1)), newTracker(t, opts), 1000}
			other := &player{rand.New(rand.NewPCG(seed, 1)), newTracker(t, opts), 1000}
			var steps []string
			for range 300 {
				step, want, _ := one.step(newModel(opts))
				_, got, _ := other.step(newModel(opts))
				steps = append(steps, step)
				if got != want {
					t.Fatalf("%+v, seed %d, at the end of\n%s\n got %s\nwant %s", opts, seed, strings.Join(steps, "\n"), got, want)
				}
				if random.IntN(10) == 0 {
					loaded, err := Load(opts, saved(other.tracker), false)
					if err != nil {
						t.Fatal(err)
					}
					other.tracker = loaded
					steps = append(steps, "saved and loaded")
				}
			}
		}
	}
}

// After the machine was started anew its inodes and devices are others.
func TestLoadedAfterReboot(t *testing.T) {
	tr := play(t, Options{}, `
		c1 is ns/a of u1
		c2 is ns/b of u2
		A/c1/u1 writes 7 as /a/x
		B/c2/u2 reads 7 as /b/x => new process A -> B, new container c1 -> c2, new pod ns/a -> ns/b
	`)
	rebooted, err := Load(Options{}, saved(tr), true)
	if err != nil {
		t.Fatal(err)
	}
	w, r := rebooted.Subject("A", Place{Container: "c3", PodUID: "u1"}), rebooted.Subject("B", Place{Container: "c4", PodUID: "u2"})
	if v := rebooted.Read(InodeKey(1, 7), r, "/b/x", OpRead, 1); v != nil {
		t.Errorf("got %s from an object of the last boot", wholeText(v))
	}
	rebooted.Write(InodeKey(1, 9), w, "/a/x", 2)
	v := rebooted.Read(InodeKey(1, 9), r, "/b/x", OpRead, 3)
	if v == nil || v.Crossing(Pod).New || v.Crossing(Pod).Writers[0].Domain != "ns/a" {
		t.Errorf("got %s, want a flow between pods that is not new", wholeText(v))
	}
}

// What two loads of one state give is the same state.
func TestSaveIsStable(t *testing.T) {
	tr := play(t, Options{}, `
		A writes 7 as /a/x
		B writes 7 as /b/x
		C writes 8 as /c/x
		C reads 7 as /a/x => new process B,A -> C
	`)
	first := saved(tr)
	for range 2 {
		again, err := Load(Options{}, first, false)
		if err != nil {
			t.Fatal(err)
		}
		if second := saved(again); !bytes.Equal(first, second) {
			t.Errorf("got\n%q\nwant\n%q", second, first)
		}
	}
}

func TestLoadPassesOverUnknownPieces(t *testing.T) {
	var e encoder
	e.number(99)
	e.text("of a later version")
	if _, err := Load(Options{}, slices.Concat(e.b, saved(newTracker(t, Options{}))), false); err != nil {
		t.Error(err)
	}
}

// FuzzLoad: damage that got past the checksum is an error, never a panic.
func FuzzLoad(f *testing.F) {
	tr, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	s := tr.Subject("A", Place{"c1", "u1"})
	tr.Describe(Description{Place: Place{"c1", "u1"}, PodNamespace: "ns", PodName: "a"})
	tr.Write(InodeKey(1, 7), s, "/a/x", 1)
	tr.Pipe(InodeKey(1, 8))
	tr.Overlay(5, "c1")
	f.Add(saved(tr))
	f.Fuzz(func(t *testing.T, b []byte) {
		small := Options{MaxObjects: 4, MaxWriters: 2, MaxFlows: 4}
		if tr, err := Load(small, b, false); err == nil {
			saved(tr)
		}
	})
}
