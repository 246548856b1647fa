package spill

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// What a call finds, wherever the record is by then: each story is told with the
// record in the buffer and on disk.
func TestStories(t *testing.T) {
	type step func(*testing.T, *Store)
	k := func(value string) step { return func(_ *testing.T, s *Store) { keep(s, 1, value) } }
	has := func(want string) step { return func(t *testing.T, s *Store) { t.Helper(); expect(t, s, 1, want) } }
	drop := func(_ *testing.T, s *Store) { s.Drop(object(1)) }
	other := func(_ *testing.T, s *Store) { keep(s, 2, "other") }
	for _, story := range []struct {
		name  string
		steps []step
	}{
		{"never kept", []step{has("")}},
		{"kept", []step{k("a"), has("a")}},
		{"taken once", []step{k("a"), has("a"), has("")}},
		{"replaced", []step{k("a"), k("b"), has("b"), has("")}},
		{"replaced by a longer one", []step{k("a"), k(strings.Repeat("b", 900)), has(strings.Repeat("b", 900))}},
		{"dropped", []step{k("a"), drop, has("")}},
		{"replaced and dropped", []step{k("a"), k("b"), drop, has("")}},
		{"kept again", []step{k("a"), drop, k("b"), has("b"), has("")}},
		{"others stay", []step{other, k("a"), drop, has(""), func(t *testing.T, s *Store) { expect(t, s, 2, "other") }}},
		{"too large", []step{k("a"), k(strings.Repeat("b", 1<<16)), has("")}},
	} {
		for settled := range 1 << len(story.steps) {
			name := fmt.Sprintf("%s/%0*b", story.name, len(story.steps), settled)
			t.Run(name, func(t *testing.T) {
				inBubble(t, small, nil, func(t *testing.T, s *Store) {
					for i, do := range story.steps {
						do(t, s)
						if settled>>i&1 == 1 {
							settle(s)
						}
					}
				})
			})
		}
	}
}

// The same while the batch is being written: what is taken or dropped then is not
// there when it has been.
func TestInFlight(t *testing.T) {
	h := &hooked{}
	inBubble(t, small, h.between, func(t *testing.T, s *Store) {
		gate := make(chan struct{})
		h.write = func() error { <-gate; return nil }
		for i := range 5 {
			keep(s, i, text(i, 0))
		}
		settle(s) // as far as the gate
		expect(t, s, 0, text(0, 0))
		s.Drop(object(1))
		keep(s, 2, text(2, 1))
		expect(t, s, 3, text(3, 0))
		keep(s, 3, text(3, 1))
		close(gate)
		synctest.Wait()
		expect(t, s, 0, "")
		expect(t, s, 1, "")
		settle(s)
		expect(t, s, 2, text(2, 1))
		expect(t, s, 3, text(3, 1))
		expect(t, s, 4, text(4, 0))
		for i := range 5 {
			expect(t, s, i, "")
		}
	})
}

// The oldest generation goes whole, and its file with it.
func TestOldestGoesFirst(t *testing.T) {
	inBubble(t, small, nil, func(t *testing.T, s *Store) {
		const n = 3000
		for i := range n {
			keep(s, i, text(i, 0))
			if i%20 == 0 {
				settle(s)
			}
		}
		settle(s)
		st := s.Stats()
		if st.Objects > small.MaxObjects || st.Objects < small.MaxObjects*3/4 || st.Evicted != uint64(n-st.Objects) {
			t.Errorf("%+v", st)
		}
		if got := len(files(t, s.dir.root.Name())); got != st.Generations+1 {
			t.Errorf("%d files for %d generations and a lock", got, st.Generations)
		}
		for i := range n - st.Objects {
			expect(t, s, i, "")
		}
		for i := n - st.Objects; i < n; i++ {
			expect(t, s, i, text(i, 0))
		}
	})
}

// Large records are bounded by their bytes.
func TestBytesAreBounded(t *testing.T) {
	inBubble(t, small, nil, func(t *testing.T, s *Store) {
		for i := range 5000 {
			keep(s, i, strings.Repeat("x", 900))
			settle(s)
			if st := s.Stats(); st.DiskBytes > small.MaxBytes {
				t.Fatalf("%+v", st)
			}
		}
		expect(t, s, 4999, strings.Repeat("x", 900))
	})
}

func TestEmptyGenerationsGo(t *testing.T) {
	inBubble(t, small, nil, func(t *testing.T, s *Store) {
		for i := range 250 {
			keep(s, i, text(i, 0))
			settle(s)
		}
		for i := range 250 {
			expect(t, s, i, text(i, 0))
		}
		keep(s, 0, text(0, 1))
		settle(s)
		if st := s.Stats(); st.Generations != 1 || st.Objects != 1 || st.Evicted != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestAfterClose(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{}, nil)
	keep(s, 1, "a")
	mustClose(t, s)
	mustClose(t, s)
	keep(s, 2, "b")
	s.Drop(object(1))
	expect(t, s, 1, "")
	expect(t, s, 2, "")
}
