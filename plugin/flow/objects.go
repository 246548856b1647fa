package flow

import (
	"slices"

	"github.com/elastic/go-freelru"
)

// A writer is one subject's last write to an object.
type writer struct {
	at      int64 // nanoseconds since the epoch
	subject Subject
	label   label
}

// doubtful marks the label of a writer whose path said that the file is no object.
const doubtful label = 1 << 31

// path is the writer's label without the mark.
func (w *writer) path() label { return w.label &^ doubtful }

// A record is all that is kept of an object: its latest writer, and where the
// others are. It holds no pointer, so that the garbage collector passes over
// however many there are.
type record struct {
	latest writer
	others uint32 // 1 + the index in objects.others; 0 where there is one writer
}

// Objects holds the records, least recently written first out.
type objects struct {
	lru    *freelru.LRU[Key, record]
	others [][]writer // latest first
	free   []uint32
}

// each calls f for every writer of an object, latest first.
func (o *objects) each(r *record, f func(*writer)) {
	f(&r.latest)
	if r.others > 0 {
		rest := o.others[r.others-1]
		for i := range rest {
			f(&rest[i])
		}
	}
}

// displace makes w the latest writer and puts the one before it with the others.
func (o *objects) displace(r *record, w writer) {
	if r.others == 0 {
		if n := len(o.free); n > 0 {
			r.others, o.free = o.free[n-1], o.free[:n-1]
		} else {
			o.others = append(o.others, nil)
			r.others = uint32(len(o.others))
		}
	}
	rest := &o.others[r.others-1]
	*rest = slices.Insert(*rest, 0, r.latest)
	r.latest = w
}

// take removes a subject's write from among the others.
func (o *objects) take(r *record, s Subject) (writer, bool) {
	if r.others == 0 {
		return writer{}, false
	}
	rest := &o.others[r.others-1]
	for i, w := range *rest {
		if w.subject == s {
			*rest = slices.Delete(*rest, i, i+1)
			return w, true
		}
	}
	return writer{}, false
}

// over removes the writer that came first, where there are more than limit.
func (o *objects) over(r *record, limit int) (writer, bool) {
	rest := &o.others[r.others-1]
	last := len(*rest) - 1
	if 1+len(*rest) <= limit {
		return writer{}, false
	}
	w := (*rest)[last]
	*rest = (*rest)[:last]
	return w, true
}

// clear gives back the room of the others.
func (o *objects) clear(r *record) {
	if r.others > 0 {
		o.others[r.others-1] = o.others[r.others-1][:0]
		o.free = append(o.free, r.others)
		r.others = 0
	}
}
