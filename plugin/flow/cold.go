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
