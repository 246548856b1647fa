package spill

import "slices"

// evict removes the oldest generations until the newest may fill.
func (s *Store) evict() {
	s.removeEmpty()
	for s.over() {
		s.removeGeneration(0)
	}
}

// removeEmpty removes the generations of which every record was taken, and tells
// whether there was one.
func (s *Store) removeEmpty() (some bool) {
	for i := len(s.generations) - 2; i >= 0; i-- {
		s.mu.Lock()
		live := s.generations[i].table.live
		s.mu.Unlock()
		if live == 0 {
			s.removeGeneration(i)
			some = true
		}
	}
	return some
}

func (s *Store) removeGeneration(i int) {
	g := s.generations[i]
	s.mu.Lock()
	s.stats.Evicted += uint64(g.table.live)
	s.generations = slices.Delete(s.generations, i, i+1)
	s.mu.Unlock()
	s.discard(g)
}

// over tells whether there would be too much when the newest is full.
func (s *Store) over() bool {
	last := len(s.generations) - 1
	if last < 1 {
		return false
	}
	objects := max(s.sizes.objects, s.generations[last].records)
	bytes := max(s.sizes.bytes, s.generations[last].size)
	for _, g := range s.generations[:last] {
		objects += g.records
		bytes += g.size
	}
	return last >= maxGenerations || objects > s.opts.MaxObjects || bytes > s.opts.MaxBytes
}

// discard gives a generation's space back. Nobody has it any more.
func (s *Store) discard(g *generation) {
	closing := g.file.Close()
	removing := s.disk.remove(generationName(g.id))
	for _, err := range []error{closing, removing} {
		if err != nil {
			s.countWriteError(err)
		}
	}
}
