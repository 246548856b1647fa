package spill

import (
	"errors"
	"slices"
)

// A merge makes one generation of two neighbours that lost many of their records,
// so that there is room for a new one and no object has to go. It runs in the
// goroutine that writes, begins when there is nothing else to do, and lets batches
// pass; once the newest generation is full, the batches wait for it.
type merge struct {
	from      [2]*generation
	old, new  [2][]uint32 // where a record was, in order, and where it is now
	forgotten []forgotten // since the merge began
	urgent    bool        // even Close waits
	tooMany   bool        // were forgotten
}

// Forgotten is a record that went while it was being copied.
type forgotten struct {
	from int
	at   uint32
	hash uint64
}

// maxForgotten is after how many of them a merge gives up.
const maxForgotten = 1 << 16

// nowhere is the new place of a record that could not be copied.
const nowhere = 1<<32 - 1

func (m *merge) of(g *generation) bool { return g == m.from[0] || g == m.from[1] }

func (m *merge) forgot(g *generation, at uint32, h uint64) {
	if !m.of(g) || m.tooMany {
		return
	}
	m.forgotten = append(m.forgotten, forgotten{slices.Index(m.from[:], g), at, h})
	m.tooMany = len(m.forgotten) > maxForgotten
}

// tidy makes room for a generation without losing an object, if it can, and tells
// whether it did.
func (s *Store) tidy(urgent bool) bool {
	if s.removeEmpty() {
		return true
	}
	first, ok := s.mergeable()
	if !ok || s.mergeFailed {
		return false
	}
	err := s.merge(&merge{from: [2]*generation(s.generations[first : first+2]), urgent: urgent})
	switch {
	case err == nil:
		return true
	case errors.Is(err, errClosing): // it may be urgent next
	case errors.Is(err, errMoved):
		s.mergeFailed = true
	default:
		s.mergeFailed = true
		s.countWriteError(err)
	}
	return false
}

var (
	errClosing = errors.New("a merge gave way to Close")
	errMoved   = errors.New("too much changed during a merge")
)

// mergeable finds the two neighbours with the fewest records that fit into one
// generation, once the next new one would cost an old one.
func (s *Store) mergeable() (first int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.generations) < min(maxGenerations, s.opts.MaxObjects/s.sizes.objects) {
		return 0, false
	}
	fewest := s.sizes.objects + 1
	for i := range len(s.generations) - 2 {
		a, b := s.generations[i], s.generations[i+1]
		if n := a.table.live + b.table.live; n < fewest && a.liveBytes()+b.liveBytes() <= s.sizes.bytes {
			first, fewest, ok = i, n, true
		}
	}
	return first, ok
}

// liveBytes is about how many bytes the records take that are still good.
func (g *generation) liveBytes() int64 {
	if g.records == 0 {
		return 0
	}
	return int64(float64(g.size) * float64(g.table.live) / float64(g.records))
}

func (s *Store) merge(m *merge) error {
	s.mu.Lock()
	s.merging = m
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.merging = nil
		s.mu.Unlock()
	}()
	to, err := s.create()
	if err != nil {
		return err
	}
	for i := range m.from {
		if err := s.copyLive(m, i, to); err != nil {
			s.discard(to)
			return err
		}
	}
	if err := s.replace(m, to); err != nil {
		s.discard(to)
		return err
	}
	s.discard(m.from[0])
	s.discard(m.from[1])
	return nil
}

// replace puts the new generation in the place of the two, but for what was
// forgotten in the meantime.
func (s *Store) replace(m *merge, to *generation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := 0; len(m.forgotten) > 0; n++ {
		if n == enterAtOnce {
			n = 0
			s.mu.Unlock()
			s.mu.Lock()
		}
		last := len(m.forgotten) - 1
		f := m.forgotten[last]
		m.forgotten = m.forgotten[:last]
		if i, ok := slices.BinarySearch(m.old[f.from], f.at); ok && m.new[f.from][i] != nowhere {
			to.table.removeAt(f.hash, m.new[f.from][i])
		}
	}
	if m.tooMany {
		return errMoved
	}
	at := slices.Index(s.generations, m.from[0])
	s.generations = slices.Replace(s.generations, at, at+2, to)
	s.stats.Merges++
	return nil
}
