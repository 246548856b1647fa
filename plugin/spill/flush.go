package spill

// run is the goroutine that writes, and ends when Close has set closing and all is
// written.
func (s *Store) run() {
	defer close(s.ended)
	for {
		closing := s.drain()
		switch {
		case closing:
			return
		case s.tidy(false):
		default:
			<-s.wake
		}
	}
}

// drain writes the batches that wait.
func (s *Store) drain() (closing bool) {
	for {
		wrote, closing := s.writeNext()
		if !wrote {
			return closing
		}
	}
}

// writeNext writes the oldest batch that waits.
func (s *Store) writeNext() (wrote, closing bool) {
	s.mu.Lock()
	number, ok := s.buffer.next()
	closing = s.closing
	s.mu.Unlock()
	if !ok {
		return false, closing
	}
	err := s.write(number)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed(&s.stats.WriteErrors, err)
		s.stats.Unwritten += s.lose(number)
	}
	s.buffer.reuse(number)
	return true, closing
}

// A batch's records are entered a few at a time: whoever keeps or takes waits for
// no more than that.
const enterAtOnce = 32

// write writes a batch and enters its records into the newest generation's table.
// Nobody else writes to a batch that does not fill; what others read of it is not
// the checksums.
func (s *Store) write(number uint32) error {
	data, records := s.buffer.batches[number].data, s.buffer.batches[number].records
	for at := 0; at < len(data); at += recordBytes(data[at:]) {
		seal(data[at:])
	}
	g, err := s.room(records, len(data))
	if err != nil {
		return err
	}
	base := g.size
	if _, err := g.file.WriteAt(data, base); err != nil {
		_ = g.file.Truncate(base) // gives back what a full disk took of it
		return err
	}
	s.mu.Lock()
	g.size += int64(len(data))
	g.records += records
	for at, n := 0, 0; at < len(data); n++ {
		if n == enterAtOnce {
			n = 0
			s.mu.Unlock()
			s.mu.Lock()
		}
		k := recordKey(data[at:])
		if s.buffer.holds(k, spot{number, uint32(at)}) {
			g.table.insert(s.secret.hash(k), uint32(base)+uint32(at))
			delete(s.buffer.index, k)
		}
		at += recordBytes(data[at:])
	}
	s.mu.Unlock()
	return nil
}

// room gives the newest generation, or a new one where that has no room.
func (s *Store) room(records, bytes int) (*generation, error) {
	if g, ok := s.newest(); ok && g.has(s.sizes, records, bytes) {
		return g, nil
	}
	s.tidy(true)
	g, err := s.create()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.generations = append(s.generations, g)
	s.mu.Unlock()
	s.mergeFailed = false
	s.evict()
	return g, nil
}

func (s *Store) newest() (*generation, bool) {
	if n := len(s.generations); n > 0 {
		return s.generations[n-1], true
	}
	return nil, false
}

// create makes an empty generation, which is in no list yet.
func (s *Store) create() (*generation, error) {
	id := s.nextID
	s.nextID++
	f, err := s.disk.create(generationName(id))
	if err != nil {
		return nil, err
	}
	return &generation{id: id, file: f, table: newTable(s.sizes.objects)}, nil
}
