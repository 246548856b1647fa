package store

import (
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// Commit keeps a batch, whole or not at all. When it returns the batch survives
// a kill and a power failure.
func (s *Store) Commit(b pipeline.Batch) error {
	added, dropped := 0, 0
	err := s.db.Update(func(tx *bolt.Tx) error {
		flows := tx.Bucket(flowsBucket)
		for i := range b.Put {
			v, err := encode(&b.Put[i])
			if err != nil {
				return err
			}
			if err := flows.Put([]byte(b.Put[i].Key()), v); err != nil {
				return err
			}
		}
		for _, key := range b.Delete {
			if err := flows.Delete([]byte(key)); err != nil {
				return err
			}
		}
		room := max(MaxOutbox-int(s.waiting.Load()), 0)
		added = min(len(b.Outbox), room)
		dropped = len(b.Outbox) - added
		return putOutbox(tx, b.Outbox[:added])
	})
	if err == nil {
		s.waiting.Add(int64(added))
		s.dropped.Add(uint64(dropped))
	}
	return err
}

// Mark notes that the lines up to this place are printed, or will be at once. It
// survives a kill, not a power failure.
func (s *Store) Mark(seq uint64) { s.mark.set(seq) }

// Size is the length of the file in bytes.
func (s *Store) Size() (n int64) {
	// A transaction knows the size of what it sees without asking the disk.
	s.db.View(func(tx *bolt.Tx) error { n = tx.Size(); return nil })
	return n
}

// Close closes the store.
func (s *Store) Close() error { return errors.Join(s.mark.close(), s.db.Close()) }
