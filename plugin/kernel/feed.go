package kernel

import (
	"errors"
	"hash/maphash"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elastic/go-freelru"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A Source is what a Feed reads: a Sensor.
type Source interface {
	Read(*Record, time.Time) error
	Forget(...Object) error
}

var _ Source = (*Sensor)(nil)

// FeedOptions are a Feed's settings. Tracker is needed; the rest works as it is.
type FeedOptions struct {
	Tracker *flow.Tracker
	Lock    sync.Locker // held while the Tracker is used; nil for none

	Process Process // as the Sensor's

	// Excluded, where set, tells paths whose accesses are never recorded. An object is
	// taken by the path of the access that is passed on.
	Excluded func(path string) bool

	// Names, where set, is asked once for each container that acts.
	Names Names

	Log func(format string, args ...any)
}

// FeedStats counts what a Feed leaves out.
type FeedStats struct {
	Excluded     uint64 // accesses by path
	UnknownPlace uint64 // accesses whose cgroup's path was lost: taken for the host's
	NotForgotten uint64 // objects that the sensor could not be told to forget
	PipesDropped uint64 // reads of pipes that did not wait for their writer any longer
}

// A Feed takes what a Source passes on into a Tracker. It is for one goroutine.
type Feed struct {
	o        FeedOptions
	source   Source
	subjects *freelru.LRU[Subject, flow.Subject]
	places   places
	pending  pending
	clock    clock
	rested   time.Time
	evicted  []Object
	stats    FeedStats
}

// maxSubjects is how many who act are known at once.
const maxSubjects = 8192

// patience is how long a Feed goes without looking after other things than records.
const patience = 500 * time.Millisecond

// NewFeed makes a Feed. The Tracker's Evicted option must be the Feed's Evicted, so
// that the source is told.
func NewFeed(s Source, o FeedOptions) *Feed {
	if o.Lock == nil {
		o.Lock = noLock{}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	f := &Feed{o: o, source: s, clock: newClock()}
	seed := maphash.MakeSeed()
	// The size is valid, so there is no error.
	f.subjects, _ = freelru.New[Subject, flow.Subject](maxSubjects, func(s Subject) uint32 {
		return uint32(maphash.Comparable(seed, s)) // names are anybody's to choose
	})
	f.subjects.SetOnEvict(func(_ Subject, s flow.Subject) { f.o.Tracker.Release(s) })
	f.places = newPlaces(f)
	return f
}

type noLock struct{}

func (noLock) Lock()   {}
func (noLock) Unlock() {}

// Found is called for every read that crosses a border, while the lock is held. The
// verdict and the record live as long as the call.
type Found func(*flow.Verdict, *Record)

// Run takes in records until the source is closed and everything was read.
func (f *Feed) Run(found Found) error {
	defer f.locked(f.subjects.Purge)
	var r Record
	for {
		now := time.Now()
		if now.Sub(f.rested) >= patience {
			f.rest(now)
		}
		err := f.source.Read(&r, now.Add(patience))
		switch {
		case err == nil:
			f.places.ask(&r)
			f.take(&r, found)
			f.tellEvicted(evictedBatch)
		case errors.Is(err, ErrIdle):
		case errors.Is(err, os.ErrClosed):
			return nil
		default:
			return err
		}
	}
}

// rest looks after what is not a record.
func (f *Feed) rest(now time.Time) {
	f.rested = now
	f.clock.set()
	gone := f.places.look(now)
	f.locked(func() {
		f.places.answers()
		f.places.leave(gone)
	})
	f.tellEvicted(0)
}

// locked gives the lock back even where do panics: somebody may live on.
func (f *Feed) locked(do func()) {
	f.o.Lock.Lock()
	defer f.o.Lock.Unlock()
	do()
}

func (f *Feed) take(r *Record, found Found) {
	f.o.Lock.Lock()
	defer f.o.Lock.Unlock()
	switch r.Kind {
	case Cgroup:
		f.places.named(r)
		return
	case Emptied:
		f.o.Tracker.Truncated(r.Object.Key())
		return
	}
	f.places.answers()
	if r.Emptied {
		f.o.Tracker.Truncated(r.Object.Key())
	}
	if f.o.Excluded != nil && f.o.Excluded(r.Path) {
		f.stats.Excluded++
		return
	}
	who, key, at := f.subject(r), r.Object.Key(), f.clock.wall(r.At)
	if r.Kind == Write {
		f.o.Tracker.Write(key, who, r.Path, at)
		if r.Pipe {
			f.pending.judge(f, key, at, found)
		}
		return
	}
	if v := f.o.Tracker.Read(key, who, r.Path, r.Op, at); v != nil {
		found(v, r)
	} else if r.Pipe {
		f.pending.add(r, key, at)
	}
}

// subject finds the engine's subject for the record's.
func (f *Feed) subject(r *Record) flow.Subject {
	at := f.places.of(r)
	if s, ok := f.subjects.Get(r.Subject); ok {
		return s
	}
	s := f.o.Tracker.Subject(f.name(r), at)
	f.subjects.Add(r.Subject, s)
	return s
}

// release gives up the subjects in some cgroups.
func (f *Feed) release(cgroups ...uint64) {
	for _, s := range f.subjects.Keys() {
		if slices.Contains(cgroups, s.Cgroup) {
			f.subjects.Remove(s)
		}
	}
}

func (f *Feed) name(r *Record) string {
	switch {
	case f.o.Process == ByPID:
		return strconv.Itoa(int(r.PID))
	case f.o.Process == ByExePath && r.Program != "":
		return r.Program
	}
	return r.Subject.Name()
}

// Evicted takes an object that the Tracker forgot for want of room.
func (f *Feed) Evicted(k flow.Key) { f.evicted = append(f.evicted, objectOf(k)) }

// evictedBatch is how many are told at once: not with the lock held, and not each.
const evictedBatch = 64

func (f *Feed) tellEvicted(atLeast int) {
	if len(f.evicted) <= atLeast {
		return
	}
	if err := f.source.Forget(f.evicted...); err != nil {
		f.locked(func() { f.stats.NotForgotten += uint64(len(f.evicted)) })
	}
	f.evicted = f.evicted[:0]
}

// Stats gives the counters. The lock must be held by the caller.
func (f *Feed) Stats() FeedStats {
	f.stats.PipesDropped = f.pending.dropped
	return f.stats
}

// shown is a path or name as a log may have it.
func shown(s string) string { return strings.ToValidUTF8(s, "?") }
