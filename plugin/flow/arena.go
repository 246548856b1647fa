package flow

import "encoding/binary"

// An arena keeps many short texts, each with a number, in cells of one size that
// are chained: room that a text leaves is good for any other, whatever their
// lengths. The cells lie in large blocks without a pointer: millions of texts are
// nothing to the garbage collector, and a block that is added moves nothing.
type arena struct {
	blocks [][]byte
	used   uint32 // cells that were ever used
	free   uint32 // the first free cell, 1 + its handle; 0 where there is none
}

// A cell is the handle of the next one and 20 bytes of text; in the first one the
// number and the length come before, which leaves 14.
const (
	cellSize   = 24
	cellLink   = 4
	cellHead   = cellLink + 4 + 2
	blockCells = 1 << 15 // a block has 768 KiB

	// maxText cuts what is longer than any name that the kernel allows.
	maxText = 4096
)

func (a *arena) cell(h uint32) []byte {
	at := h % blockCells * cellSize
	return a.blocks[h/blockCells][at : at+cellSize]
}

// add keeps a text and gives the handle of its first cell.
func (a *arena) add(number uint32, text string) uint32 {
	text = text[:min(len(text), maxText)]
	h := a.take()
	c := a.cell(h)
	binary.LittleEndian.PutUint32(c[cellLink:], number)
	binary.LittleEndian.PutUint16(c[cellLink+4:], uint16(len(text)))
	text = text[copy(c[cellHead:], text):]
	for len(text) > 0 {
		next := a.take()
		binary.LittleEndian.PutUint32(c, next)
		c = a.cell(next)
		text = text[copy(c[cellLink:], text):]
	}
	return h
}

func (a *arena) take() uint32 {
	if a.free != 0 {
		h := a.free - 1
		a.free = binary.LittleEndian.Uint32(a.cell(h))
		return h
	}
	if a.used == uint32(len(a.blocks))*blockCells {
		a.blocks = append(a.blocks, make([]byte, blockCells*cellSize))
	}
	a.used++
	return a.used - 1
}

// number gives a text's number and its length in bytes.
func (a *arena) number(h uint32) (number uint32, length int) {
	c := a.cell(h)
	return binary.LittleEndian.Uint32(c[cellLink:]), int(binary.LittleEndian.Uint16(c[cellLink+4:]))
}

// append writes a text behind what is in b.
func (a *arena) append(b []byte, h uint32) []byte {
	_, left := a.number(h)
	c := a.cell(h)
	for text := c[cellHead:]; ; text = c[cellLink:] {
		n := min(left, len(text))
		b = append(b, text[:n]...)
		if left -= n; left == 0 {
			return b
		}
		c = a.cell(binary.LittleEndian.Uint32(c))
	}
}

// is compares a text.
func (a *arena) is(h uint32, want string) bool {
	_, length := a.number(h)
	if length != len(want) {
		return false
	}
	c := a.cell(h)
	for text := c[cellHead:]; ; text = c[cellLink:] {
		n := min(len(want), len(text))
		if string(text[:n]) != want[:n] {
			return false
		}
		if want = want[n:]; want == "" {
			return true
		}
		c = a.cell(binary.LittleEndian.Uint32(c))
	}
}

// remove gives a text's cells back.
func (a *arena) remove(h uint32) {
	_, left := a.number(h)
	for left -= cellSize - cellHead; ; left -= cellSize - cellLink {
		c := a.cell(h)
		next := binary.LittleEndian.Uint32(c)
		binary.LittleEndian.PutUint32(c, a.free)
		a.free = h + 1
		if left <= 0 {
			return
		}
		h = next
	}
}

// bytes is the memory of all blocks.
func (a *arena) bytes() uint64 { return uint64(len(a.blocks)) * blockCells * cellSize }
