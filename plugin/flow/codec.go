package flow

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("it ends too early")

// An encoder writes numbers and texts one behind the other; a decoder reads them. Texts
// have their length before them, numbers are varints.
type encoder struct{ b []byte }

func (e *encoder) number(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) key(k Key) {
	b := k.Bytes()
	e.b = append(e.b, b[:]...)
}

// A decoder remembers the first thing that went wrong; what it gives after that
// is nothing.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// bytes gives the next n bytes, which are the input's own memory.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.number())) }

func (d *decoder) key() Key {
	b := d.bytes(16)
	if b == nil {
		return Key{}
	}
	return Key{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (d *decoder) fail() {
	d.b = nil
	if d.err == nil {
		d.err = errShort
	}
}
