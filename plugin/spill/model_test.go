package spill

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A store does what a map does, while its goroutine writes and merges as it comes;
// and where its limits are small, it knows the latest record or none.
func TestLikeAMap(t *testing.T) {
	large := Options{MaxObjects: 8000, MaxBytes: 16 << 20, BufferBytes: 16 << 20}
	for _, c := range []struct {
		name   string
		opts   Options
		keys   int
		rounds int
		exact  bool
	}{
		{"nothing is lost", large, 2500, 20_000, true},
		{"few objects fit", Options{MaxObjects: 100, BufferBytes: 8 << 10}, 600, 4000, false},
		{"few bytes fit", Options{MaxBytes: 64 << 10, BufferBytes: 4 << 10}, 600, 4000, false},
		{"one object fits", Options{MaxObjects: 1, BufferBytes: 4 << 10}, 20, 1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(10) {
				likeAMap(t, c.opts, c.keys, c.rounds, c.exact, rand.New(rand.NewPCG(seed, 1)))
			}
		})
	}
}

func likeAMap(t *testing.T, opts Options, keys, rounds int, exact bool, r *rand.Rand) {
	t.Helper()
	dir := t.TempDir()
	defer func() { _ = os.RemoveAll(dir) }()
	s := mustOpen(t, dir, opts, nil)
	model := map[int]string{}
	lost := 0
	for round := range rounds {
		i := r.IntN(keys)
		if r.IntN(3) > 0 {
			i = r.IntN(keys/10 + 1) // some are touched more than others
		}
		switch r.IntN(10) {
		case 0, 1, 2, 3, 4:
			if r.IntN(10) > 0 { // as the engine does
				s.Take(object(i))
			}
			model[i] = text(i, round) + strings.Repeat(".", r.IntN(700)*r.IntN(2))
			keep(s, i, model[i])
		case 5, 6, 7, 8:
			got, ok := s.Take(object(i))
			want, had := model[i]
			if ok && string(got) != want {
				t.Fatalf("object %d is %q, want %q", i, got, want)
			}
			if had && !ok {
				lost++
			}
			delete(model, i)
		case 9:
			s.Drop(object(i))
			delete(model, i)
		}
		if r.IntN(rounds/5) == 0 {
			mustClose(t, s)
			if s = mustOpen(t, dir, opts, nil); s.Notice() != "" {
				t.Fatal(s.Notice())
			}
		}
	}
	if exact {
		for i, want := range model {
			expect(t, s, i, want)
		}
		if lost > 0 {
			t.Errorf("%d objects lost: %+v", lost, s.Stats())
		}
	}
	mustClose(t, s)
}
