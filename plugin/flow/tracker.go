package flow

import (
	"fmt"
	"strings"

	"github.com/elastic/go-freelru"
)

// The limits that Options has where nothing else is said.
const (
	DefaultMaxObjects = 262144
	DefaultMaxWriters = 16
	DefaultMaxFlows   = 65536
)

// maxLimit is the most that a limit may be: the tables are reserved whole, about
// 5 GB for so many objects.
const maxLimit = 1 << 26

// maxPipes is how many named pipes are remembered as such.
const maxPipes = 4096

// Options are the limits of a Tracker. The zero value works.
type Options struct {
	MaxObjects int // objects remembered; 0 means DefaultMaxObjects
	MaxWriters int // writers remembered of one object; 0 means DefaultMaxWriters
	MaxFlows   int // flows remembered as not new; 0 means DefaultMaxFlows

	// Changed, where set, is called when an access to an object may be judged
	// otherwise than before: a new writer, or writers forgotten.
	Changed func(Key)

	// Evicted, where set, is called for an object that is forgotten since MaxObjects
	// was reached.
	Evicted func(Key)

	Cold Cold // where objects go beyond MaxObjects; nil means they are forgotten
}

// A Tracker remembers writers and judges reads. See the package's comment.
type Tracker struct {
	opts     Options
	secret   *secret
	objects  objects
	labels   labels
	subjects subjects
	places   *places
	devices  devices
	pipes    *freelru.LRU[Key, struct{}]
	sights   geography
	seen     seen
	stats    Stats
	verdict  Verdict
	full     bool // while an object goes only to make room for another

	// Memory that is used again.
	found   []Key // an exec's candidates
	path    []byte
	encoded []byte
}

// defaults puts the defaults in, and checks what is there.
func (o *Options) defaults() error {
	for _, l := range []struct {
		limit *int
		def   int
	}{
		{&o.MaxObjects, DefaultMaxObjects},
		{&o.MaxWriters, DefaultMaxWriters},
		{&o.MaxFlows, DefaultMaxFlows},
	} {
		if *l.limit == 0 {
			*l.limit = l.def
		}
		if *l.limit < 1 || *l.limit > maxLimit {
			return fmt.Errorf("limit %d is out of range: it takes 1 to %d", *l.limit, maxLimit)
		}
	}
	return nil
}

// SameLimits tells whether a new Tracker of these options would have room for just
// as much.
func (t *Tracker) SameLimits(o Options) bool {
	return o.defaults() == nil && o.MaxObjects == t.opts.MaxObjects &&
		o.MaxWriters == t.opts.MaxWriters && o.MaxFlows == t.opts.MaxFlows
}

// New makes an empty Tracker.
func New(opts Options) (*Tracker, error) {
	if err := opts.defaults(); err != nil {
		return nil, err
	}
	if opts.Changed == nil {
		opts.Changed = func(Key) {}
	}
	t := &Tracker{
		opts:     opts,
		secret:   newSecret(),
		labels:   newLabels(),
		subjects: subjects{index: map[subjectKey]Subject{}},
		places:   newPlaces(),
		devices:  devices{known: map[uint64]*device{}},
	}
	var err error
	if t.objects.lru, err = freelru.New[Key, record](uint32(opts.MaxObjects), t.secret.spread); err != nil {
		return nil, err
	}
	t.objects.lru.SetOnEvict(t.gone)
	if t.pipes, err = freelru.New[Key, struct{}](maxPipes, t.secret.spread); err != nil {
		return nil, err
	}
	if t.sights, err = newGeography(t.places); err != nil {
		return nil, err
	}
	if t.seen, err = newSeen(uint32(opts.MaxFlows)); err != nil {
		return nil, err
	}
	return t, nil
}

// Keys lists the objects that are in memory.
func (t *Tracker) Keys() []Key { return t.objects.lru.Keys() }

// Write says that a subject wrote an object, which it sees at path.
func (t *Tracker) Write(k Key, s Subject, path string, at int64) { t.write(k, s, path, 0, at) }

// WriteDoubtful is Write where the path says that the file is no object, and nothing
// else does: whoever writes may have chosen the path. See ReadDoubtful.
func (t *Tracker) WriteDoubtful(k Key, s Subject, path string, at int64) {
	t.write(k, s, path, doubtful, at)
}

func (t *Tracker) write(k Key, s Subject, path string, mark label, at int64) {
	t.stats.Writes++
	t.see(k, s, path)
	r, ok := t.get(k)
	switch {
	case !ok:
		r.latest = t.enter(s, path, mark, at)
		t.devices.added(k)
		t.opts.Changed(k)
	case r.latest.subject == s:
		t.refresh(k, &r.latest, path, mark, at)
	default:
		w, known := t.objects.take(&r, s)
		if known {
			t.refresh(k, &w, path, mark, at)
		} else {
			w = t.enter(s, path, mark, at)
			t.opts.Changed(k)
		}
		t.objects.displace(&r, w)
		if old, over := t.objects.over(&r, t.opts.MaxWriters); over {
			t.leave(&old)
			t.stats.WritersEvicted++
		}
	}
	t.put(k, r)
}

// see learns on which device a folder is.
func (t *Tracker) see(k Key, s Subject, path string) {
	if k.plain() {
		t.sights.saw(t.subjects.list[s].at, k.dev, path)
	}
}

func (t *Tracker) enter(s Subject, path string, mark label, at int64) writer {
	t.subjects.list[s].refs++
	return writer{at, s, t.labels.add(path) | mark}
}

// refresh takes a writer's further write. Once it wrote by a path that is in no
// doubt, that path stays.
func (t *Tracker) refresh(k Key, w *writer, path string, mark label, at int64) {
	w.at = at
	before := w.label & doubtful
	if mark > before {
		return
	}
	if !t.labels.is(w.path(), path) {
		t.labels.remove(w.path())
		w.label = t.labels.add(path)
	}
	w.label = w.path() | mark
	if mark != before {
		t.opts.Changed(k)
	}
}

func (t *Tracker) leave(w *writer) {
	t.labels.remove(w.path())
	t.Release(w.subject)
}

// Created says that an object has just been made: an inode number may be used
// again, but nothing of what was known of it holds any more.
func (t *Tracker) Created(k Key) {
	t.pipes.Remove(k)
	t.forget(k)
}

// Truncated says that an object was emptied: its writers are forgotten. A pipe
// is not emptied by that.
func (t *Tracker) Truncated(k Key) {
	if !t.pipes.Contains(k) {
		t.forget(k)
	}
}

// Pipe says that an object is a named pipe. What was known of its inode before
// belongs to a file that is gone.
func (t *Tracker) Pipe(k Key) {
	if !t.pipes.Contains(k) {
		t.forget(k)
		t.pipes.Add(k, struct{}{})
	}
}

// Read judges a read of an object, which the reader sees at path. It returns nil
// where no border is crossed.
func (t *Tracker) Read(k Key, s Subject, path string, op Op, at int64) *Verdict {
	return t.read(k, s, path, 0, op, at)
}

// ReadDoubtful is Read where the path says that the file is no object, and nothing
// else does. Writers whose path said so too are left out: so it is on procfs, where
// both sides agree, while one side alone cannot hide a flow.
func (t *Tracker) ReadDoubtful(k Key, s Subject, path string, op Op, at int64) *Verdict {
	return t.read(k, s, path, doubtful, op, at)
}

func (t *Tracker) read(k Key, s Subject, path string, mark label, op Op, at int64) *Verdict {
	t.stats.Reads++
	t.see(k, s, path)
	r, ok := t.get(k)
	if !ok {
		return nil
	}
	return t.judge(&r, s, path, mark, op, at)
}

func (t *Tracker) judge(r *record, s Subject, path string, mark label, op Op, at int64) *Verdict {
	v := &t.verdict
	v.reset()
	crossed := false
	t.objects.each(r, func(w *writer) {
		if w.label&mark != 0 {
			return
		}
		for _, g := range Granularities {
			if !t.same(g, w.subject, s) {
				t.cross(g, &v.crossings[g], w)
				crossed = true
			}
		}
	})
	if !crossed {
		return nil
	}
	t.stats.Crossings++
	v.Op, v.Reader, v.At = op, t.Who(s), at
	if v.Path != path {
		v.Path = strings.Clone(path)
	}
	for _, g := range Granularities {
		c := &v.crossings[g]
		for i := range c.Writers {
			if t.fresh(g, c.Writers[i].subject, path, s) {
				c.New = true
			}
		}
	}
	return v
}

// cross puts a writer into a crossing unless its domain is there already.
func (t *Tracker) cross(g Granularity, c *Crossing, w *writer) {
	for i := range c.Writers {
		if t.same(g, c.Writers[i].subject, w.subject) {
			return
		}
	}
	o := c.more()
	o.Who, o.Domain, o.At, o.subject = t.Who(w.subject), t.Domain(g, w.subject), w.at, w.subject
	o.path = t.labels.append(o.path[:0], w.path())
}
