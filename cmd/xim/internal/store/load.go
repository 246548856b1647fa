package store

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

var (
	metaBucket   = []byte("meta")
	flowsBucket  = []byte("flows")
	outboxBucket = []byte("outbox")

	formatKey = []byte("format")
	idKey     = []byte("id")
)

// format is the version of what is in the buckets.
const format = "1"

// prepare makes the buckets of a file that has none yet.
func prepare(tx *bolt.Tx) error {
	if tx.Bucket(metaBucket) != nil {
		return nil
	}
	for _, name := range [][]byte{flowsBucket, outboxBucket} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	meta, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	var random [8]byte
	rand.Read(random[:])
	return errors.Join(meta.Put(formatKey, []byte(format)), meta.Put(idKey, random[:]))
}

// load reads all there is, which also touches every page in use.
func (s *Store) load() (id uint64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		meta, flows, outbox := tx.Bucket(metaBucket), tx.Bucket(flowsBucket), tx.Bucket(outboxBucket)
		if meta == nil {
			return nil // made, and killed before prepare
		}
		if have := meta.Get(formatKey); have != nil && string(have) != format {
			return fmt.Errorf("the store has format %.20q, this xim knows %s: use the xim that wrote it, or another --state", have, format)
		}
		text := meta.Get(idKey)
		if len(text) != 8 || flows == nil || outbox == nil {
			return damaged{errors.New("a part of it is missing")}
		}
		id = binary.BigEndian.Uint64(text)
		if err := flows.ForEach(func(key, value []byte) error {
			r, err := decode(key, value)
			s.Flows = append(s.Flows, r)
			return err
		}); err != nil {
			return err
		}
		return outbox.ForEach(func(key, _ []byte) error {
			if len(key) != 8 {
				return damaged{errors.New("a key of the outbox is not a number")}
			}
			s.waiting.Add(1)
			return nil
		})
	})
	slices.SortStableFunc(s.Flows, func(a, b *dedup.Record) int { return a.Last.Compare(b.Last) })
	return id, err
}

// check has bbolt look for pages that are used twice or not at all. Load went
// through every page in use before, so it meets no fault.
func check(db *bolt.DB) error {
	return db.View(func(tx *bolt.Tx) error {
		var first error
		for err := range tx.Check() { // to its end, or it never ends
			if first == nil {
				first = damaged{err}
			}
		}
		return first
	})
}

func (s *Store) lastSeq() (last uint64) {
	for _, r := range s.Flows {
		last = max(last, r.Seq)
	}
	return last
}
