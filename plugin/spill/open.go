package spill

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Open opens the store in a directory, which it makes if need be. What is there of
// an earlier run is taken over if it was closed cleanly under the same Boot and
// Tag; else it is removed, and Notice says why. It is an error if another instance
// has the store (ErrLocked), and if nothing can be made in the directory.
func Open(dir string, opts Options) (*Store, error) { return open(dir, opts, nil) }

// open lets a test stand between the store and the disk.
func open(dir string, opts Options, between func(disk) disk) (_ *Store, err error) {
	sizes, err := opts.fill()
	if err != nil {
		return nil, fmt.Errorf("open the store of objects: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the store of objects: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the store of objects: %w", err)
	}
	s := &Store{
		dir: directory{root}, disk: directory{root}, opts: opts, sizes: sizes,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
		buffer: newBuffer(sizes), scratch: make([]byte, firstRead),
	}
	if between != nil {
		s.disk = between(s.disk)
	}
	if s.lock, err = newLock(root); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store of objects in %s: %w", dir, err), root.Close())
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store of objects in %s: %w", dir, err), s.lock.release(), root.Close())
	}
	go s.run()
	return s, nil
}

// start takes over what there is, or makes room for a new store.
func (s *Store) start() error {
	useless := s.load()
	if useless == nil {
		s.evict() // the limits may have been larger
		return nil
	}
	s.release()
	some, err := s.dir.clear()
	if err != nil {
		return err
	}
	if some || !errors.Is(useless, errUnclean) {
		s.notice = fmt.Sprintf("the objects kept in %s are not used and were removed: %v", s.dir.root.Name(), useless)
	}
	s.nextID = 0
	var random [len(s.secret) * 8]byte
	_, _ = rand.Read(random[:]) // never fails
	for i := range s.secret {
		s.secret[i] = binary.LittleEndian.Uint64(random[8*i:])
	}
	return nil
}

var errUnclean = errors.New("the store was not closed by the run that had it")

// load takes over a store that was closed. The index goes first: from now on, only
// Close says that what is there may be used.
func (s *Store) load() (useless error) {
	f, err := s.dir.root.OpenFile(indexName, os.O_RDONLY|syscall.O_NONBLOCK, 0) // waits for no pipe
	if errors.Is(err, fs.ErrNotExist) {
		return errUnclean
	} else if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errIndex
	}
	d, tables, err := readIndex(f, info.Size())
	if err != nil {
		return err
	}
	if string(d.Boot) != s.opts.Boot {
		return errors.New("they are of another boot")
	}
	if string(d.Tag) != s.opts.Tag {
		return errors.New("they were kept under another configuration")
	}
	if err := s.dir.remove(indexName); err != nil {
		return err
	}
	s.secret, s.nextID = d.Secret, d.NextID
	for i, g := range d.Generations {
		if err := s.adopt(g, tables[i]); err != nil {
			return err
		}
	}
	return nil
}

// adopt opens a generation's file.
func (s *Store) adopt(g described, t table) error {
	f, err := s.dir.root.OpenFile(generationName(g.ID), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	s.generations = append(s.generations, &generation{id: g.ID, file: f, size: g.Size, records: g.Records, table: t})
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() < g.Size {
		return fmt.Errorf("%s is damaged", generationName(g.ID))
	}
	return nil
}

// release closes the generations' files.
func (s *Store) release() {
	for _, g := range s.generations {
		_ = g.file.Close() // nothing that is still wanted
	}
	s.generations = nil
}

// Close writes all that waits and makes the store one that the next Open takes
// over. It waits for the disk. Without it, or after its error, the next starts
// anew. After Close nothing is kept and nothing found.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.closing = true
	s.buffer.waiting = append(s.buffer.waiting, s.buffer.filling)
	s.mu.Unlock()
	s.signal()
	<-s.ended
	err := s.save()
	if err != nil {
		err = fmt.Errorf("close the store of objects in %s: %w", s.dir.root.Name(), err)
	}
	s.mu.Lock()
	s.release()
	s.mu.Unlock()
	return errors.Join(err, s.lock.release(), s.dir.root.Close())
}

// save writes the index, whole or not at all.
func (s *Store) save() error {
	d := description{Boot: []byte(s.opts.Boot), Tag: []byte(s.opts.Tag), Secret: s.secret, NextID: s.nextID}
	var tables []table
	for _, g := range s.generations {
		d.Generations = append(d.Generations, described{g.id, g.size, g.records, len(g.table.marks)})
		tables = append(tables, g.table)
	}
	f, err := s.dir.root.OpenFile(draftName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(writeIndex(f, d, tables), f.Close()); err != nil {
		return errors.Join(err, s.dir.remove(draftName))
	}
	return s.dir.root.Rename(draftName, indexName)
}
