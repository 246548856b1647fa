package event

import (
	"encoding/binary"
	"errors"
)

// Errors of Decode.
var (
	ErrMalformed  = errors.New("event's lengths do not fit its size")
	ErrIncomplete = errors.New("event lacks a parameter")
)

// An event's header is 26 bytes, packed: time u64, thread u64, length u32 (header
// included), type u16, number of parameters u32. Behind it are the parameters'
// lengths, then the parameters.
const (
	headerSize = 26
	maxParams  = 64 // the largest event of schema 4 has 31
)

// Params are the parameters of one event.
type params struct {
	lengths []byte
	width   int // bytes a length takes
	values  []byte
}

func parse(raw []byte) (p params, err error) {
	if len(raw) < headerSize {
		return p, ErrMalformed
	}
	n := binary.LittleEndian.Uint32(raw[22:])
	if binary.LittleEndian.Uint32(raw[16:]) != uint32(len(raw)) || n > maxParams {
		return p, ErrMalformed
	}
	p.width = 2
	if code(raw) == Async {
		p.width = 4
	}
	if headerSize+int(n)*p.width > len(raw) {
		return p, ErrMalformed
	}
	p.lengths = raw[headerSize : headerSize+int(n)*p.width]
	p.values = raw[headerSize+int(n)*p.width:]
	total := 0
	for i := range int(n) {
		total += p.length(i)
	}
	if total > len(p.values) {
		return p, ErrMalformed
	}
	return p, nil
}

func code(raw []byte) uint16 { return binary.LittleEndian.Uint16(raw[20:]) }

func (p *params) length(i int) int {
	if p.width == 4 {
		return int(binary.LittleEndian.Uint32(p.lengths[4*i:]))
	}
	return int(binary.LittleEndian.Uint16(p.lengths[2*i:]))
}

// bytes gives a parameter, nil where the event does not have it.
func (p *params) bytes(i int) []byte {
	if i < 0 || (i+1)*p.width > len(p.lengths) {
		return nil
	}
	start := 0
	for j := range i {
		start += p.length(j)
	}
	return p.values[start : start+p.length(i)]
}

// text gives a string parameter without the NUL at its end.
func (p *params) text(i int) []byte {
	b := p.bytes(i)
	if n := len(b); n > 0 && b[n-1] == 0 {
		b = b[:n-1]
	}
	return b
}

func (p *params) s64(i int) (int64, bool) {
	v, ok := p.u64(i)
	return int64(v), ok
}

func (p *params) u64(i int) (uint64, bool) {
	b := p.bytes(i)
	if len(b) != 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}

func (p *params) u32(i int) (uint32, bool) {
	b := p.bytes(i)
	if len(b) != 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b), true
}
