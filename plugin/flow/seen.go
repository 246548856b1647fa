package flow

import "github.com/elastic/go-freelru"

// Seen is the set of flows that were reported, by granularity, writer, path as
// the reader sees it and reader: the least recently seen goes first. It keeps
// 64-bit hashes with a secret key, not the texts: two of a million flows are taken
// for one with a probability of about one to 37 million.
type seen struct {
	lru *freelru.LRU[uint64, struct{}]
}

func newSeen(limit uint32) (seen, error) {
	lru, err := freelru.New[uint64, struct{}](limit, func(k uint64) uint32 { return uint32(k >> 32) })
	return seen{lru}, err
}

// has looks a flow up, and so keeps it from going.
func (s *seen) has(key uint64) bool {
	_, ok := s.lru.Get(key)
	return ok
}

// fresh adds a flow and tells whether it was new. A pod's flows that were seen
// before its name was known are the same flows.
func (t *Tracker) fresh(g Granularity, w Subject, path string, r Subject) bool {
	key := t.secret.hash(byte(g), t.Domain(g, w), path, t.Domain(g, r))
	if t.seen.has(key) {
		return false
	}
	known := g == Pod && t.seenUnnamed(w, path, r)
	if t.seen.lru.Add(key, struct{}{}) {
		t.stats.FlowsEvicted++
	}
	if !known {
		t.stats.Flows[g]++
	}
	return !known
}

// seenUnnamed tells whether a flow between pods was seen while one of them, or
// both, went by another name.
func (t *Tracker) seenUnnamed(w Subject, path string, r Subject) bool {
	writers, readers := t.podNames(w), t.podNames(r)
	for i, from := range writers {
		for j, to := range readers {
			if i+j > 0 && t.seen.has(t.secret.hash(byte(Pod), from, path, to)) {
				return true
			}
		}
	}
	return false
}

// podNames gives a subject's domain at the granularity of pods, what it was called
// while the pod's name was unknown, and what while the pod was.
func (t *Tracker) podNames(s Subject) [3]string {
	at := t.subjects.list[s].at
	return [3]string{t.places.podName(at), t.places.podUIDName(at), t.places.containers.list[at].name()}
}
