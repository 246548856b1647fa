package spill

import "slices"

// scanAtOnce is how many slots are looked at under one lock.
const scanAtOnce = 4096

// copyAtOnce is how much is read, and written, between looks for new batches.
const copyAtOnce = 64 << 10

// copyLive copies the good records of a merge's i-th generation behind what is in
// the new one, which nobody else has yet.
func (s *Store) copyLive(m *merge, i int, to *generation) error {
	g := m.from[i]
	if err := s.listLive(m, i); err != nil {
		return err
	}
	m.new[i] = make([]uint32, 0, len(m.old[i]))
	w := window{file: g.file}
	var out []byte
	flush := func() error {
		if to.size+int64(len(out)) > s.sizes.bytes {
			return errMoved // the records that are left are the large ones
		}
		if _, err := to.file.WriteAt(out, to.size); err != nil {
			return err
		}
		to.size += int64(len(out))
		out = out[:0]
		return s.pause(m)
	}
	for _, at := range m.old[i] {
		record := w.record(at)
		if record == nil {
			m.new[i] = append(m.new[i], nowhere)
			s.mu.Lock()
			s.stats.Damaged++
			s.mu.Unlock()
			continue
		}
		place := uint32(to.size) + uint32(len(out))
		m.new[i] = append(m.new[i], place)
		to.table.insert(s.secret.hash(recordKey(record)), place)
		to.records++
		out = append(out, record...)
		if len(out) >= copyAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// listLive lists where the good records are, in the order of the file.
func (s *Store) listLive(m *merge, i int) error {
	t := &m.from[i].table
	for slot := 0; slot < len(t.marks); slot += scanAtOnce {
		s.mu.Lock()
		end := min(slot+scanAtOnce, len(t.marks))
		for j := slot; j < end; j++ {
			if t.marks[j] >= marked {
				m.old[i] = append(m.old[i], t.at[j])
			}
		}
		s.mu.Unlock()
	}
	slices.Sort(m.old[i])
	return s.pause(m)
}

// pause writes what waits while there is room, and says whether to go on.
func (s *Store) pause(m *merge) error {
	for {
		g, _ := s.newest()
		if !g.has(s.sizes, s.sizes.batchObjects, s.sizes.batchBytes) {
			break
		}
		if wrote, _ := s.writeNext(); !wrote {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.tooMany:
		return errMoved
	case s.closing && !m.urgent:
		return errClosing
	}
	return nil
}

// A window is a part of a file that is read from one end to the other.
type window struct {
	file  file
	start int64
	data  []byte
}

// record gives the record at a place, or nil if it is not sound.
func (w *window) record(at uint32) []byte {
	for _, fresh := range []bool{false, true} {
		if fresh {
			w.fill(int64(at))
		}
		if i := int64(at) - w.start; i >= 0 && i < int64(len(w.data)) && sound(w.data[i:]) {
			return w.data[i:][:recordBytes(w.data[i:])]
		}
	}
	return nil
}

func (w *window) fill(at int64) {
	if w.data == nil {
		w.data = make([]byte, 2*copyAtOnce) // more than the largest record
	}
	n, _ := w.file.ReadAt(w.data[:cap(w.data)], at) // what is missing is not sound
	w.start, w.data = at, w.data[:n]
}
