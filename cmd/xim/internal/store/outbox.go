package store

import (
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
)

// MaxOutbox is how many payloads wait at most to be forwarded. Those that find
// no room are dropped and counted.
const MaxOutbox = 100_000

var _ forward.Queue = (*Store)(nil)

func putOutbox(tx *bolt.Tx, payloads [][]byte) error {
	b := tx.Bucket(outboxBucket)
	for _, p := range payloads {
		id, err := b.NextSequence()
		if err != nil {
			return err
		}
		if err := b.Put(binary.BigEndian.AppendUint64(nil, id), p); err != nil {
			return err
		}
	}
	return nil
}

// Next returns up to n payloads that wait, the oldest first.
func (s *Store) Next(n int) (items []forward.Item, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(outboxBucket).Cursor()
		for k, v := c.First(); k != nil && len(items) < n; k, v = c.Next() {
			items = append(items, forward.Item{ID: binary.BigEndian.Uint64(k), Payload: append([]byte(nil), v...)})
		}
		return nil
	})
	return items, err
}

// Done takes payloads out that were delivered.
func (s *Store) Done(items []forward.Item) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(outboxBucket)
		for _, it := range items {
			if err := b.Delete(binary.BigEndian.AppendUint64(nil, it.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.waiting.Add(int64(-len(items)))
	}
	return err
}

// Waiting is how many payloads wait.
func (s *Store) Waiting() int { return int(s.waiting.Load()) }

// Dropped is how many payloads found no room.
func (s *Store) Dropped() uint64 { return s.dropped.Load() }
