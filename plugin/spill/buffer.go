package spill

const (
	minBatches    = 4 // one that fills, one that is written, and some between
	maxBatchBytes = 64 << 10
	smallRecord   = 48 // smaller ones count as much, for the index they need
)

// A batch is records one after another, as they will lie in a file.
type batch struct {
	data    []byte
	records int
}

// A spot is where a record is in the buffer.
type spot struct{ batch, at uint32 }

// A buffer holds the records that are not on disk yet, all of them in batches that
// are used again, and an index of the ones that are still good.
type buffer struct {
	sizes   sizes
	batches []batch
	index   map[key]spot
	filling uint32
	waiting []uint32 // full, oldest first
	free    []uint32
}

func newBuffer(s sizes) buffer {
	b := buffer{sizes: s, batches: make([]batch, s.batches), index: map[key]spot{}}
	for i := s.batches - 1; i > 0; i-- {
		b.free = append(b.free, uint32(i))
	}
	return b
}

// full tells whether the batch that fills has no room for a value.
func (b *buffer) full(value int) bool {
	f := &b.batches[b.filling]
	return f.records >= b.sizes.batchObjects || len(f.data)+headerBytes+value > b.sizes.batchBytes
}

func (b *buffer) put(k key, value []byte) {
	f := &b.batches[b.filling]
	if f.data == nil {
		f.data = make([]byte, 0, b.sizes.batchBytes)
	}
	b.index[k] = spot{b.filling, uint32(len(f.data))}
	f.data = appendRecord(f.data, k, value)
	f.records++
}

// take removes a key and appends its value to out.
func (b *buffer) take(k key, out []byte) ([]byte, bool) {
	s, ok := b.index[k]
	if !ok {
		return out, false
	}
	delete(b.index, k)
	data := b.batches[s.batch].data[s.at:]
	return append(out, data[headerBytes:recordBytes(data)]...), true
}

// holds tells whether the record at a spot is its key's good one.
func (b *buffer) holds(k key, s spot) bool {
	found, ok := b.index[k]
	return ok && found == s
}

// turn puts the batch that fills with the waiting ones and takes a free one. There
// must be one.
func (b *buffer) turn() {
	b.waiting = append(b.waiting, b.filling)
	last := len(b.free) - 1
	b.filling, b.free = b.free[last], b.free[:last]
}

// next takes the oldest waiting batch.
func (b *buffer) next() (uint32, bool) {
	if len(b.waiting) == 0 {
		return 0, false
	}
	i := b.waiting[0]
	b.waiting = append(b.waiting[:0], b.waiting[1:]...)
	return i, true
}

// reuse frees a batch of which the index names no record any more.
func (b *buffer) reuse(i uint32) {
	b.batches[i].data, b.batches[i].records = b.batches[i].data[:0], 0
	b.free = append(b.free, i)
}
