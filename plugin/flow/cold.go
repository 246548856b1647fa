package flow

import "encoding/binary"

// Cold is where objects go that leave memory, and from where they come back when
// they are touched. It must answer most misses without touching a disk: every
// object that nobody wrote is one.
type Cold interface {
	// Keep takes an object's record. The record's memory is the caller's.
	Keep(Key, []byte)
	// Take gives a record back and keeps it no longer. Its memory is good until the
	// next call.
	Take(Key) ([]byte, bool)
	// Drop forgets an object: its writers are not to come back.
	Drop(Key)
}

// Bytes are the key's for a store: the same object has the same in every run.
func (k Key) Bytes() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], k.dev)
	binary.BigEndian.PutUint64(b[8:], k.ino)
	return b
}

// get finds an object's record, in memory or where it went from there; from there
// it comes back.
func (t *Tracker) get(k Key) (record, bool) {
	r, ok := t.objects.lru.Peek(k)
	if ok || t.opts.Cold == nil {
		return r, ok
	}
	data, ok := t.opts.Cold.Take(k)
	if !ok {
		return record{}, false
	}
	r, err := t.decodeRecord(&decoder{b: data})
	if err != nil {
		t.stats.ColdDamaged++
		return record{}, false
	}
	t.stats.ColdReturned++
	t.devices.added(k)
	t.put(k, r)
	return r, true
}

// put keeps a record in memory as the one written last. What has to go for it goes
// to the cold store, where there is one.
func (t *Tracker) put(k Key, r record) {
	t.full = true
	if t.objects.lru.Add(k, r) {
		t.stats.ObjectsEvicted++
	}
	t.full = false
}

// forget drops an object wherever it is.
func (t *Tracker) forget(k Key) {
	t.objects.lru.Remove(k)
	if t.opts.Cold != nil {
		t.opts.Cold.Drop(k)
	}
}

// gone is called for every object that leaves memory, whatever the reason.
func (t *Tracker) gone(k Key, r record) {
	switch {
	case !t.full:
	case t.opts.Cold == nil:
		if t.opts.Evicted != nil {
			t.opts.Evicted(k)
		}
	default:
		e := encoder{b: t.encoded[:0]}
		t.encodeRecord(&e, &r)
		t.encoded = e.b
		t.opts.Cold.Keep(k, e.b)
	}
	t.objects.each(&r, t.leave)
	t.objects.clear(&r)
	t.devices.removed(k)
	t.opts.Changed(k)
}
