package scap_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"testing"
)

// A form is how a capture holds the events of one type: the type of the block, and of
// each parameter the length, where it is always the same.
type form struct {
	block   uint32
	lengths []int
}

// varies is the length of a parameter whose length varies.
const varies = -1

// TestFormAsRecorded compares blocks and events with those that a driver recorded.
func TestFormAsRecorded(t *testing.T) {
	f, err := os.Open("../testdata/pods.scap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var recording bytes.Buffer
	if _, err := recording.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	own, err := everyEvent().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	recordedBlocks, recorded := forms(recording.Bytes())
	ownBlocks, written := forms(own)

	for block := range ownBlocks {
		if !recordedBlocks[block] {
			t.Errorf("block type %#x is in no recording", block)
		}
	}
	compared := 0
	for typ, got := range written {
		want, ok := recorded[typ]
		if !ok {
			continue
		}
		compared++
		if got.block != want.block || len(got.lengths) != len(want.lengths) {
			t.Errorf("event type %d: %+v, recorded %+v", typ, got, want)
			continue
		}
		for i, n := range want.lengths {
			if number(n) && got.lengths[i] != varies && got.lengths[i] != n {
				t.Errorf("event type %d, parameter %d: %d bytes, recorded %d", typ, i, got.lengths[i], n)
			}
		}
	}
	t.Logf("compared %d event types of %d", compared, len(written))
	if compared < 25 {
		t.Error("that is too few to say anything")
	}
}

// number tells a number's length, or that of nothing at all, from a text's that happens
// to be the same throughout.
func number(n int) bool { return n == 0 || n == 1 || n == 2 || n == 4 || n == 8 }

// forms takes a capture apart.
func forms(capture []byte) (blocks map[uint32]bool, events map[uint16]form) {
	const normal, large = 0x216, 0x221
	le := binary.LittleEndian
	blocks, events = make(map[uint32]bool), make(map[uint16]form)
	for len(capture) > 0 {
		block, length := le.Uint32(capture), le.Uint32(capture[4:])
		event := capture[8 : length-4]
		capture = capture[length:]
		blocks[block] = true
		if block != normal && block != large {
			continue
		}
		event = event[2:] // the processor
		typ, n := le.Uint16(event[20:]), int(le.Uint32(event[22:]))
		lengths := make([]int, n)
		for i := range lengths {
			if block == large {
				lengths[i] = int(le.Uint32(event[26+4*i:]))
			} else {
				lengths[i] = int(le.Uint16(event[26+2*i:]))
			}
		}
		known, ok := events[typ]
		if !ok {
			events[typ] = form{block, lengths}
			continue
		}
		for i, n := range lengths {
			if known.lengths[i] != n {
				known.lengths[i] = varies
			}
		}
	}
	return blocks, events
}
