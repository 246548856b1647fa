package flow

// A registry keeps things under handles and counts the references to each. A
// thing that nobody refers to is idle; it stays, in case it returns, until keep
// others (at least one) have become idle after it.
type registry[T any] struct {
	list   []T
	keys   []string
	refs   []uint32
	free   []uint32
	index  map[string]uint32
	ring   []link // of handle h at h+1; the first, of none, joins the ends
	idle   int    // how many are in the ring
	keep   int
	onFree func(T)
}

// A link is an idle thing's place among the others, longest idle first.
type link struct{ before, after uint32 }

func newRegistry[T any](keep int) registry[T] {
	return registry[T]{index: map[string]uint32{}, ring: make([]link, 1), keep: keep}
}

// enter adds a thing under its key, idle until it is held.
func (r *registry[T]) enter(key string, thing T) uint32 {
	var h uint32
	if n := len(r.free); n > 0 {
		h, r.free = r.free[n-1], r.free[:n-1]
		r.list[h], r.keys[h] = thing, key
	} else {
		h = uint32(len(r.list))
		r.list = append(r.list, thing)
		r.keys = append(r.keys, key)
		r.refs = append(r.refs, 0)
		r.ring = append(r.ring, link{})
	}
	r.index[key] = h
	r.leave(h)
	return h
}

func (r *registry[T]) hold(h uint32) {
	if r.refs[h] == 0 {
		r.unlink(h)
	}
	r.refs[h]++
}

func (r *registry[T]) drop(h uint32) {
	if r.refs[h]--; r.refs[h] == 0 {
		r.leave(h)
	}
}

// retire frees a thing at once if nobody refers to it.
func (r *registry[T]) retire(h uint32) {
	if r.refs[h] == 0 {
		r.clear(h)
	}
}

// leave puts an idle thing last and frees the first if there is no more room.
func (r *registry[T]) leave(h uint32) {
	at, last := h+1, r.ring[0].before
	r.ring[at] = link{before: last}
	r.ring[last].after, r.ring[0].before = at, at
	if r.idle++; r.idle > r.keep {
		r.clear(r.ring[0].after - 1)
	}
}

func (r *registry[T]) unlink(h uint32) {
	l := r.ring[h+1]
	r.ring[l.before].after, r.ring[l.after].before = l.after, l.before
	r.idle--
}

// clear frees an idle thing.
func (r *registry[T]) clear(h uint32) {
	r.unlink(h)
	thing := r.list[h]
	delete(r.index, r.keys[h])
	var none T
	r.list[h], r.keys[h] = none, ""
	r.free = append(r.free, h)
	if r.onFree != nil {
		r.onFree(thing)
	}
}
