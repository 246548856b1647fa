package spill

// indexBytes is what the buffer's index takes for a record, about.
const indexBytes = 48

// Stats counts what a Store did and what it had to let go.
type Stats struct {
	Kept           uint64 // records given to Keep
	Dropped        uint64 // of them lost since the disk was too slow, and the buffer full
	Unwritten      uint64 // of them lost to an error of the disk
	TooLarge       uint64 // of them not taken for their size
	Disowned       uint64 // objects on disk that went unseen with those: older records, and a few others
	FromBuffer     uint64 // Takes that found a record not yet written
	FromDisk       uint64 // Takes that found one on disk
	Misses         uint64 // Takes that found none
	DiskReads      uint64 // reads for a Take or a Drop
	FalsePositives uint64 // of them those that found another object's record
	Evicted        uint64 // objects that went with the oldest generation
	Damaged        uint64 // records that were not on disk as they were written
	Merges         uint64 // times that two generations became one
	ReadErrors     uint64
	WriteErrors    uint64 // to write, to make a file and to remove one
	LastError      string // the latest of either

	// How much there is now.
	Objects     int // on disk, those that were replaced since counted too
	Buffered    int // not yet on disk
	Generations int
	DiskBytes   int64
	MemoryBytes int64 // tables and buffer, not the runtime's share
}

// Stats gives the counters as they are now. It may be called at any time.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Buffered = len(s.buffer.index)
	st.Generations = len(s.generations)
	st.MemoryBytes = int64(len(s.buffer.index) * indexBytes)
	for i := range s.buffer.batches {
		st.MemoryBytes += int64(cap(s.buffer.batches[i].data))
	}
	for _, g := range s.generations {
		st.Objects += g.table.live
		st.DiskBytes += g.size
		st.MemoryBytes += int64(len(g.table.marks)) * slotBytes
	}
	return st
}

// failed counts an error; the lock is held.
func (s *Store) failed(counter *uint64, err error) {
	*counter++
	s.stats.LastError = err.Error()
}

func (s *Store) countWriteError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed(&s.stats.WriteErrors, err)
}
