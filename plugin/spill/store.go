package spill

import (
	"sync"

	"github.com/xim-monitor/xim/plugin/flow"
)

var _ flow.Cold = (*Store)(nil)

// A Store is a flow.Cold on disk. See the package's comment.
type Store struct {
	dir    directory
	disk   disk // dir, but in tests
	lock   *lock
	opts   Options
	sizes  sizes
	secret secret
	notice string
	wake   chan struct{} // something waits, or Close does
	ended  chan struct{} // by the goroutine

	mergeFailed bool // since the newest generation began; the goroutine's own

	mu          sync.Mutex // guards what follows; held over no write
	buffer      buffer
	generations []*generation // oldest first; only the goroutine changes the list
	nextID      uint64
	merging     *merge
	closing     bool
	stats       Stats

	out, scratch []byte // of Take, used again
}

// Notice says what happened to the objects of an earlier run, if they could not be
// used; else it is empty.
func (s *Store) Notice() string { return s.notice }

// Keep takes an object's record, in place of any that there was.
func (s *Store) Keep(object flow.Key, value []byte) {
	k := key(object.Bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.stats.Kept++
	if len(value) > maxValue || headerBytes+len(value) > s.sizes.batchBytes {
		s.stats.TooLarge++
		delete(s.buffer.index, k)
		s.disown(k)
		return
	}
	if s.buffer.full(len(value)) {
		s.turn()
	}
	s.buffer.put(k, value)
}

// turn hands the full batch to the goroutine. If that has not kept up, the oldest
// batch that it is not about to write makes room.
func (s *Store) turn() {
	if len(s.buffer.free) == 0 {
		oldest, _ := s.buffer.next()
		s.stats.Dropped += s.lose(oldest)
		s.buffer.reuse(oldest)
	}
	s.buffer.turn()
	s.signal()
}

func (s *Store) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lose forgets a batch's objects and tells how many they were.
func (s *Store) lose(number uint32) (objects uint64) {
	data := s.buffer.batches[number].data
	for at := 0; at < len(data); at += recordBytes(data[at:]) {
		k := recordKey(data[at:])
		if s.buffer.holds(k, spot{number, uint32(at)}) {
			delete(s.buffer.index, k)
			s.disown(k)
			objects++
		}
	}
	return objects
}

// disown forgets whatever the disk may have of a key, without looking: an older
// record must not come back in place of the one that was lost. Rarely, that is
// another object's.
func (s *Store) disown(k key) {
	h := s.secret.hash(k)
	for _, g := range s.generations {
		for slot := range g.table.matches(h) {
			s.forget(g, slot, h)
			s.stats.Disowned++
		}
	}
}

// Take gives an object's record back and keeps it no longer. Its memory is good
// until the next call.
func (s *Store) Take(object flow.Key) ([]byte, bool) {
	k := key(object.Bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, false
	}
	var buffered bool
	s.out, buffered = s.buffer.take(k, s.out[:0])
	written := s.remove(k, !buffered)
	switch {
	case buffered:
		s.stats.FromBuffer++
	case written:
		s.stats.FromDisk++
	default:
		s.stats.Misses++
		return nil, false
	}
	return s.out, true
}

// Drop forgets an object, and at once.
func (s *Store) Drop(object flow.Key) {
	k := key(object.Bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	delete(s.buffer.index, k)
	s.remove(k, false)
}

// remove forgets all records that the disk has of a key. The latest is put into
// s.out, where it is wanted.
func (s *Store) remove(k key, wanted bool) (found bool) {
	h := s.secret.hash(k)
	if !s.mayHave(h) {
		return false
	}
	for i := len(s.generations) - 1; i >= 0; i-- {
		g := s.generations[i]
		var latest uint32
		foundHere := false
		for slot := range g.table.matches(h) {
			record, ok := s.read(g, slot, h)
			if !ok {
				continue
			}
			if recordKey(record) != k {
				s.stats.FalsePositives++
				continue
			}
			at := g.table.at[slot]
			s.forget(g, slot, h)
			if wanted && !found && (!foundHere || at > latest) {
				s.out = append(s.out[:0], record[headerBytes:]...)
				latest = at
			}
			foundHere = true
		}
		found = found || foundHere
	}
	return found
}

// mayHave looks where each table's search begins. It waits for the memory of all
// of them at once, where the searches would for one after another.
func (s *Store) mayHave(h uint64) bool {
	var any uint16
	for _, g := range s.generations {
		any |= g.table.marks[g.table.home(h)]
	}
	return any != empty
}

// read reads a record into s.scratch. One that cannot be read is forgotten.
func (s *Store) read(g *generation, slot int, h uint64) (record []byte, ok bool) {
	s.stats.DiskReads++
	var err error
	record, s.scratch, err = g.read(g.table.at[slot], s.scratch)
	switch {
	case err != nil:
		s.failed(&s.stats.ReadErrors, err)
	case !sound(record):
		s.stats.Damaged++
	default:
		return record, true
	}
	s.forget(g, slot, h)
	return nil, false
}

// forget clears a slot, also in the generation that is being made of this one.
func (s *Store) forget(g *generation, slot int, h uint64) {
	if s.merging != nil {
		s.merging.forgot(g, g.table.at[slot], h)
	}
	g.table.remove(slot)
}
