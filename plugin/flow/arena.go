package flow

import "encoding/binary"

// An arena keeps many short texts, each with a number, in large blocks without a
// pointer in them: millions of names are nothing to the garbage collector, and a
// block that is added moves nothing. A text takes 6 bytes more than its length,
// rounded up to 8; the room of one that was removed is for the next of that size.
type arena struct {
	blocks [][]byte
	used   uint32            // units of the last block
	free   map[uint32]uint32 // by size in units: the first free place, 1 + its handle
}

const (
	unit       = 8
	blockUnits = 1 << 17 // a block is 1 MiB
	textHead   = 6       // the number, and the length

	// maxText cuts what is longer than any name that the kernel allows.
	maxText = 4096
)

func units(text int) uint32 { return uint32((textHead + text + unit - 1) / unit) }

// at is the memory from a handle on.
func (a *arena) at(h uint32) []byte { return a.blocks[h/blockUnits][h%blockUnits*unit:] }

func (a *arena) add(number uint32, text string) uint32 {
	text = text[:min(len(text), maxText)]
	h := a.room(units(len(text)))
	b := a.at(h)
	binary.LittleEndian.PutUint32(b, number)
	binary.LittleEndian.PutUint16(b[4:], uint16(len(text)))
	copy(b[textHead:], text)
	return h
}

func (a *arena) room(size uint32) uint32 {
	if first := a.free[size]; first != 0 {
		a.free[size] = binary.LittleEndian.Uint32(a.at(first - 1))
		return first - 1
	}
	if len(a.blocks) == 0 || a.used+size > blockUnits {
		a.blocks = append(a.blocks, make([]byte, blockUnits*unit))
		a.used = 0
	}
	h := uint32(len(a.blocks)-1)*blockUnits + a.used
	a.used += size
	return h
}

// get gives a text, good until it is removed, and its number.
func (a *arena) get(h uint32) (number uint32, text []byte) {
	b := a.at(h)
	n := int(binary.LittleEndian.Uint16(b[4:]))
	return binary.LittleEndian.Uint32(b), b[textHead : textHead+n]
}

func (a *arena) remove(h uint32) {
	_, text := a.get(h)
	size := units(len(text))
	if a.free == nil {
		a.free = map[uint32]uint32{}
	}
	binary.LittleEndian.PutUint32(a.at(h), a.free[size])
	a.free[size] = h + 1
}

// bytes is the memory of all blocks.
func (a *arena) bytes() uint64 { return uint64(len(a.blocks)) * blockUnits * unit }
