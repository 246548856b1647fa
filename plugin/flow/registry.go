package flow

// A registry keeps things under handles and counts the references to each. A
// thing that nobody refers to any more stays, in case it returns, until keep
// others (at least one) have come to the same state after it.
type registry[T any] struct {
	list   []T
	keys   []string
	refs   []uint32
	state  []idleState
	free   []uint32
	index  map[string]uint32
	idle   []uint32 // a queue: first in, first out
	keep   int
	onFree func(T)
}

// idleState says where a handle stands with regard to the idle queue.
type idleState uint8

const (
	notQueued idleState = iota
	queued
	vacant
)

func newRegistry[T any](keep int) registry[T] {
	return registry[T]{index: map[string]uint32{}, keep: keep}
}

// enter adds a thing under its key and leaves it to the idle queue until it is
// held.
func (r *registry[T]) enter(key string, thing T) uint32 {
	var h uint32
	if n := len(r.free); n > 0 {
		h, r.free = r.free[n-1], r.free[:n-1]
		r.list[h], r.keys[h], r.refs[h], r.state[h] = thing, key, 0, notQueued
	} else {
		h = uint32(len(r.list))
		r.list = append(r.list, thing)
		r.keys = append(r.keys, key)
		r.refs = append(r.refs, 0)
		r.state = append(r.state, notQueued)
	}
	r.index[key] = h
	r.leave(h)
	return h
}

func (r *registry[T]) hold(h uint32) { r.refs[h]++ }

func (r *registry[T]) drop(h uint32) {
	if r.refs[h]--; r.refs[h] == 0 {
		r.leave(h)
	}
}

// leave queues an idle thing and frees those for which there is no more room.
func (r *registry[T]) leave(h uint32) {
	if r.state[h] == notQueued {
		r.state[h] = queued
		r.idle = append(r.idle, h)
	}
	for len(r.idle) > r.keep {
		oldest := r.idle[0]
		r.idle = r.idle[1:]
		if r.state[oldest] == vacant {
			r.free = append(r.free, oldest) // retired while it was queued
			continue
		}
		r.state[oldest] = notQueued
		if r.refs[oldest] == 0 {
			r.clear(oldest)
			r.free = append(r.free, oldest)
		}
	}
}

// retire frees a thing at once if nobody refers to it. Its handle is used again
// only after the queue has let go of it.
func (r *registry[T]) retire(h uint32) {
	if r.refs[h] > 0 || r.state[h] == vacant {
		return
	}
	r.clear(h)
	if r.state[h] == queued {
		r.state[h] = vacant
		return
	}
	r.free = append(r.free, h)
}

func (r *registry[T]) clear(h uint32) {
	thing := r.list[h]
	delete(r.index, r.keys[h])
	var none T
	r.list[h], r.keys[h] = none, ""
	if r.onFree != nil {
		r.onFree(thing)
	}
}
