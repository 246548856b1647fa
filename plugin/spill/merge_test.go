package spill

import (
	"errors"
	"testing"
	"testing/synctest"
)

// Objects that come and go do not push out those that stay.
func TestChurnForgetsNothing(t *testing.T) {
	inBubble(t, small, nil, func(t *testing.T, s *Store) {
		const every, some = 40, 12_000
		stays := func(i int) bool { return i%every == 0 && i < some }
		for i := range 20_000 {
			keep(s, i, text(i, 0))
			if i%3 == 0 {
				settle(s)
			}
			if !stays(i) {
				expect(t, s, i, text(i, 0))
			}
		}
		if st := s.Stats(); st.Evicted > 0 || st.Merges == 0 {
			t.Errorf("%+v", st)
		}
		for i := range 20_000 {
			if stays(i) {
				expect(t, s, i, text(i, 0))
			}
		}
	})
}

// half has every second of 700 objects in the store, in seven generations of a
// hundred and the newest: two neighbours can be merged, and wait for the gate.
func half(t *testing.T, s *Store, h *hooked, gate func() error) {
	for i := range 690 {
		keep(s, i, text(i, 0))
		settle(s)
	}
	for i := range 690 {
		if i%2 == 1 {
			expect(t, s, i, text(i, 0))
		}
	}
	for i := 690; ; i++ { // until there are eight
		if s.Stats().Generations == maxGenerations-1 && s.generations[maxGenerations-2].records == s.sizes.objects {
			break
		}
		keep(s, i, text(i, 0))
		settle(s)
		expect(t, s, i, text(i, 0))
	}
	keep(s, 690, text(690, 0))
	writes := 0
	h.write = func() error {
		if writes++; writes == 1 { // the batch's
			return nil
		}
		return gate()
	}
	s.mu.Lock()
	s.turn()
	s.mu.Unlock()
	synctest.Wait()
}

// What is taken, dropped and replaced while two generations become one holds after.
func TestForgottenWhileMerging(t *testing.T) {
	h := &hooked{}
	inBubble(t, small, h.between, func(t *testing.T, s *Store) {
		gate := make(chan struct{})
		half(t, s, h, func() error { <-gate; return nil })
		if s.merging == nil {
			t.Fatal("no merge is under way")
		}
		for i := 0; i < 690; i += 10 {
			expect(t, s, i, text(i, 0))
			s.Drop(object(i + 2))
			keep(s, i+4, text(i+4, 1))
		}
		close(gate)
		settle(s)
		if st := s.Stats(); st.Merges == 0 {
			t.Errorf("%+v", st)
		}
		for i := range 690 {
			want := ""
			switch i % 10 {
			case 4:
				want = text(i, 1)
			case 6, 8:
				want = text(i, 0)
			}
			expect(t, s, i, want)
			expect(t, s, i, "")
		}
	})
}

// A merge that fails leaves everything where it was.
func TestMergeFails(t *testing.T) {
	h := &hooked{}
	inBubble(t, small, h.between, func(t *testing.T, s *Store) {
		half(t, s, h, func() error { return errors.New("worn out") })
		if st := s.Stats(); st.Merges != 0 || st.WriteErrors != 1 || st.LastError != "worn out" {
			t.Errorf("%+v", st)
		}
		if got := len(files(t, s.dir.root.Name())); got != maxGenerations+1 {
			t.Errorf("%d files", got)
		}
		for i := 0; i < 690; i += 2 {
			expect(t, s, i, text(i, 0))
		}
	})
}

// Close does not wait for a merge to end, nor lose by it.
func TestCloseWhileMerging(t *testing.T) {
	h := &hooked{}
	dir := ""
	inBubble(t, small, h.between, func(t *testing.T, s *Store) {
		dir = s.dir.root.Name()
		gate := make(chan struct{})
		half(t, s, h, func() error { <-gate; return nil })
		ended := make(chan error)
		go func() { ended <- s.Close() }()
		synctest.Wait()
		close(gate)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if s.stats.Merges != 0 {
			t.Errorf("%+v", s.stats)
		}
		s = mustOpen(t, dir, small, nil)
		for i := 0; i < 690; i += 2 {
			expect(t, s, i, text(i, 0))
		}
		mustClose(t, s)
	})
}
