package spill

import (
	"iter"
	"math/bits"
)

// A table finds a generation's records by their keys' hashes: by linear probing,
// in two arrays, so that a miss reads a line or two of the first and nothing else.
type table struct {
	marks []uint16 // 16 bits of the hash, or one of the two below
	at    []uint32 // where in the file
	live  int
}

const (
	empty uint16 = iota
	gone         // was a record: what came after it may be behind it
	marked
)

// slotBytes is what a slot takes.
const slotBytes = 2 + 4

// slotsFor leaves a fifth of the slots empty when all records are in.
func slotsFor(records int) int { return records + records/4 + 1 }

func newTable(records int) table {
	n := slotsFor(records)
	return table{marks: make([]uint16, n), at: make([]uint32, n)}
}

func (t *table) home(h uint64) int {
	high, _ := bits.Mul64(h, uint64(len(t.marks)))
	return int(high)
}

func mark(h uint64) uint16 {
	m := uint16(h)
	if m < marked {
		m += 1 << 15
	}
	return m
}

// matches gives the slots that may hold a key with this hash.
func (t *table) matches(h uint64) iter.Seq[int] {
	return func(yield func(int) bool) {
		m := mark(h)
		for i := t.home(h); t.marks[i] != empty; i = t.after(i) {
			if t.marks[i] == m && !yield(i) {
				return
			}
		}
	}
}

func (t *table) after(i int) int {
	if i++; i < len(t.marks) {
		return i
	}
	return 0
}

func (t *table) insert(h uint64, at uint32) {
	i := t.home(h)
	for t.marks[i] >= marked {
		i = t.after(i)
	}
	t.marks[i], t.at[i] = mark(h), at
	t.live++
}

func (t *table) remove(slot int) {
	t.marks[slot] = gone
	t.live--
}

// removeAt removes the record at a place, if it is there.
func (t *table) removeAt(h uint64, at uint32) {
	for i := range t.matches(h) {
		if t.at[i] == at {
			t.remove(i)
			return
		}
	}
}

// count counts the records anew and tells whether there is an empty slot, without
// which a search would not end.
func (t *table) count() (ends bool) {
	t.live = 0
	for _, m := range t.marks {
		if m >= marked {
			t.live++
		}
		ends = ends || m == empty
	}
	return ends
}
