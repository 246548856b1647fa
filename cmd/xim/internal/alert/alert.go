// Package alert holds the one type for a Falco alert, and reads it.
//
// Every source hands over JSON as Falco writes it; gRPC frames are rewritten
// into it first (see FromFrame), so there is one decoder. It reads the parts a
// flow is made of and leaves the rest as the bytes that came: numbers keep every
// digit, and an alert that is not xIM's costs one pass.
//
// It does not repair: a text that is not one JSON object is an error, and so is
// an xIM alert without a whole flow. Names may hold any byte, also bytes that
// are not UTF-8: escape them before they are shown.
package alert

import (
	"encoding/binary"
	"time"
)

// MaxFlow is the longest flow, all its names and its path together, in bytes: as
// much as fits into a key of the store. A path ends at 4,096 in Linux, and is
// three times as long where every byte of it was replaced on the way.
const MaxFlow = 32_000

// MaxFlows is how long all flows of one alert may be, in bytes: a path that is
// named once there is kept for each writer.
const MaxFlows = 16 << 20

// Alert is one alert of Falco.
type Alert struct {
	Time     time.Time // zero where the alert has none
	Rule     string
	Priority string
	Source   string
	Hostname string

	// Raw is the whole alert; Output, Tags and Fields are its parts of that name
	// (nil where absent). All are JSON, and point into what was decoded.
	Raw, Output, Tags, Fields []byte

	XIM    bool   // it carries a field of the plugin
	Flows  []Flow // one for each writer, no two the same; valid until the next Decode
	Cut    int    // lists that had lost their end, and so their last item
	Op     string // how the data was read; "" where the alert does not say
	Age    time.Duration
	HasAge bool
}

// Text is the alert's output as the text it stands for.
func (a *Alert) Text() string {
	if len(a.Output) < 2 || a.Output[0] != '"' {
		return ""
	}
	return string(unquote(nil, a.Output[1:len(a.Output)-1]))
}

// Flow is who wrote, what, and who read it, on one host. Two alerts speak of
// the same flow if all five are equal.
type Flow struct {
	Host        string
	Granularity string // process, container, pod; domain where the alert does not say
	Writer      string
	Path        string // as the reader sees it
	Reader      string
}

// Size is how long the flow is, in bytes.
func (f *Flow) Size() int {
	return len(f.Host) + len(f.Granularity) + len(f.Writer) + len(f.Path) + len(f.Reader)
}

// AppendKey appends the flow as bytes that no other flow has: each part after
// its length.
func (f Flow) AppendKey(dst []byte) []byte {
	for _, part := range [...]string{f.Host, f.Granularity, f.Writer, f.Path, f.Reader} {
		dst = binary.AppendUvarint(dst, uint64(len(part)))
		dst = append(dst, part...)
	}
	return dst
}

// ParseKey undoes AppendKey. It reports false for bytes that are not a key.
func ParseKey(key []byte) (f Flow, ok bool) { return parseKey(string(key)) }

// PartsOf undoes AppendKey; the flow is made of the key's memory. What is no key is the
// empty flow.
func PartsOf(key string) Flow {
	f, _ := parseKey(key)
	return f
}

func parseKey(key string) (f Flow, ok bool) {
	for _, part := range [...]*string{&f.Host, &f.Granularity, &f.Writer, &f.Path, &f.Reader} {
		n, size := uvarint(key)
		if size <= 0 || n > uint64(len(key)-size) {
			return Flow{}, false
		}
		*part = key[size : size+int(n)]
		key = key[size+int(n):]
	}
	return f, len(key) == 0
}

// uvarint is binary.Uvarint for a string.
func uvarint(s string) (uint64, int) {
	var head [binary.MaxVarintLen64]byte
	return binary.Uvarint(head[:copy(head[:], s)])
}

// EachField calls yield with every output field, its value as JSON, until it
// says false.
func (a *Alert) EachField(yield func(key string, value []byte) bool) {
	if len(a.Fields) == 0 {
		return
	}
	s := scanner{text: a.Fields}
	s.object(0, func(key []byte, _ bool) error {
		value, err := s.value(1)
		if err == nil && !yield(string(unquote(nil, key)), value) {
			err = errEnd // stops the scanner
		}
		return err
	})
}
