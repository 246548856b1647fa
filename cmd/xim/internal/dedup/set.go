// Package dedup remembers which flows were seen, in a bounded set.
//
// A Set has no lock and no clock: time is that of the alerts, so a replayed
// capture gives the same answer as the live one. When it is full the flow that
// was seen longest ago gives way, and may be new again.
package dedup

import (
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
)

// Record is what is known of one flow.
type Record struct {
	alert.Flow
	Op       string // as the first alert had it
	Rule     string
	Priority string
	Age      time.Duration
	HasAge   bool
	First    time.Time
	Last     time.Time
	Count    uint64 // alerts, the first one included
	Seq      uint64 // place in the order of printing, from 1

	key        string
	prev, next *Record
	Unsaved    bool   // for the owner of the set: a repeat that is not stored yet
	Unsummed   uint64 // for the owner of the set: repeats since its last summary
}

// Key is the flow's key as alert.Flow.AppendKey writes it.
func (r *Record) Key() string { return r.key }

// meanSize is how long a flow may be on average. Most are far shorter; without
// this bound somebody with long paths would decide how much memory Max flows take.
const meanSize = 1 << 10

// Set is a bounded set of flows. Max and Forget may be set before its first use.
type Set struct {
	Max    int           // flows kept, of 1 KiB on average at most; 0 means no bound
	Forget time.Duration // a flow not seen for longer is new again; 0 means never

	flows   map[string]*Record
	size    int    // of all keys, in bytes
	ends    Record // ends.next was seen last, ends.prev longest ago
	scratch []byte
}

// Len is how many flows are known.
func (s *Set) Len() int { return len(s.flows) }

// Get returns the record with a key, or nil.
func (s *Set) Get(key string) *Record { return s.flows[key] }

// See notes that a flow was seen at a time. The record of a new flow has Count 1
// and is the caller's to complete. Evicted are the records that had to go for it.
func (s *Set) See(f alert.Flow, at time.Time) (r *Record, isNew bool, evicted []*Record) {
	s.scratch = f.AppendKey(s.scratch[:0])
	if r = s.flows[string(s.scratch)]; r != nil {
		isNew = s.Forget > 0 && at.Sub(r.Last) > s.Forget
		if isNew {
			*r = Record{Flow: r.Flow, First: at, Last: at, key: r.key, prev: r.prev, next: r.next}
		}
		r.Count++
		if at.After(r.Last) {
			r.Last = at
		}
		s.unlink(r)
		s.link(r)
		return r, isNew, nil
	}
	r = &Record{First: at, Last: at, Count: 1, key: string(s.scratch)}
	r.Flow = alert.PartsOf(r.key) // its names are kept once
	return r, true, s.insert(r)
}

// Restore puts a record back that an earlier run had, as the one seen last.
func (s *Set) Restore(r *Record) (evicted []*Record) {
	r.key = string(r.AppendKey(nil))
	r.Flow = alert.PartsOf(r.key)
	s.Remove(r.key)
	return s.insert(r)
}

// Remove forgets a flow and reports whether it was known.
func (s *Set) Remove(key string) bool {
	r := s.flows[key]
	if r == nil {
		return false
	}
	delete(s.flows, key)
	s.size -= len(key)
	s.unlink(r)
	return true
}

// All calls yield with every record, that seen last first, until it says false.
func (s *Set) All(yield func(*Record) bool) {
	if s.flows == nil {
		return
	}
	for r := s.ends.next; r != &s.ends; {
		next := r.next // r may be removed meanwhile
		if !yield(r) {
			return
		}
		r = next
	}
}

func (s *Set) insert(r *Record) (evicted []*Record) {
	if s.flows == nil {
		s.flows = make(map[string]*Record)
		s.ends.next, s.ends.prev = &s.ends, &s.ends
	}
	for s.Max > 0 && len(s.flows) > 0 && (len(s.flows) >= s.Max || s.size+len(r.key) > s.Max*meanSize) {
		oldest := s.ends.prev
		s.Remove(oldest.key)
		evicted = append(evicted, oldest)
	}
	s.flows[r.key] = r
	s.size += len(r.key)
	s.link(r)
	return evicted
}

func (s *Set) link(r *Record) {
	r.prev, r.next = &s.ends, s.ends.next
	r.prev.next, r.next.prev = r, r
}

func (s *Set) unlink(r *Record) {
	r.prev.next, r.next.prev = r.next, r.prev
}
