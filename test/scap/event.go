package scap

import "encoding/binary"

// Event is one event as bytes. Its zero overrides tell the truth; set, they make its
// header lie.
type Event struct {
	Type   uint16
	TID    int64
	Params [][]byte

	NParams *uint32  // the number of parameters that the header claims
	Len     *uint32  // the length in bytes that the header claims
	Lens    []uint32 // the lengths of the parameters that are claimed, instead of all true ones
}

const (
	headerLen = 26        // of an event, in bytes
	maxEvent  = 1<<16 - 8 // bytes that libscap reads, with what the block has around an event
)

// Raw adds an event of any type with these parameters.
func (w *Writer) Raw(typ uint16, tid int64, params ...[]byte) int {
	return w.Add(Event{Type: typ, TID: tid, Params: params})
}

// Add adds an event, which may lie about its lengths. The file around it stays true.
//
// libsinsp 0.23 believes a header and passes the lie on to the plugins, but not every
// lie: a wrong length of a number that it needs itself ends the replay with an error, as
// does a number of parameters that no older version of the event had; more parameters
// than the event has abort the process. Lengths of data and lengths of 0 get through.
func (w *Writer) Add(e Event) int {
	b, err := e.encode(uint64(w.tick().UnixNano()))
	if err != nil {
		w.fail("event %d: %w", len(w.events)+1, err)
	}
	w.events = append(w.events, event{cpu: w.CPU, large: e.large(), bytes: b})
	return len(w.events)
}

// large tells whether lengths are four bytes each, in a block of its own type.
func (e Event) large() bool {
	return e.Type == EvPlugin || e.Type == EvContainerJSON || e.Type == EvAsync
}

func (e Event) encode(ts uint64) ([]byte, error) {
	lens := e.Lens
	if lens == nil {
		for _, p := range e.Params {
			lens = append(lens, uint32(len(p)))
		}
	}
	var body []byte
	for _, n := range lens {
		if e.large() {
			body = binary.LittleEndian.AppendUint32(body, n)
			continue
		}
		if n > 1<<16-1 {
			return nil, tooLong("parameter", int(n), 1<<16-1)
		}
		body = binary.LittleEndian.AppendUint16(body, uint16(n))
	}
	for _, p := range e.Params {
		body = append(body, p...)
	}
	claimedLen, claimedParams := uint32(headerLen+len(body)), uint32(len(e.Params))
	if e.Len != nil {
		claimedLen = *e.Len
	}
	if e.NParams != nil {
		claimedParams = *e.NParams
	}
	b := U64(ts)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.TID))
	b = binary.LittleEndian.AppendUint32(b, claimedLen)
	b = binary.LittleEndian.AppendUint16(b, e.Type)
	b = binary.LittleEndian.AppendUint32(b, claimedParams)
	b = append(b, body...)
	if !e.large() && len(b) > maxEvent {
		return nil, tooLong("event", len(b), maxEvent)
	}
	return b, nil
}
