package flow

import "slices"

// A Verdict says that a read crosses a border, at which granularities, and who
// wrote what is read. It refers to nothing that a later write can take away.
type Verdict struct {
	Op     Op
	Path   string // the object as the reader sees it
	Reader Who
	At     int64 // time of the read, nanoseconds since the epoch

	crossings [granularities]Crossing
}

// A Crossing is one granularity's part of a Verdict.
type Crossing struct {
	New     bool     // at least one of its flows is new
	Writers []Writer // latest first, one for each domain; empty where no border is crossed
}

// A Writer is a domain on the other side, by its latest write.
type Writer struct {
	Who
	Domain string
	At     int64 // time of the write, nanoseconds since the epoch

	subject Subject
	path    []byte
}

// Path is the object as the writer saw it.
func (w *Writer) Path() string { return string(w.path) }

// Crossing gives the verdict at one granularity.
func (v *Verdict) Crossing(g Granularity) *Crossing { return &v.crossings[g] }

// ReaderDomain is the reader's side at a granularity.
func (v *Verdict) ReaderDomain(g Granularity) string {
	return [granularities]string{v.Reader.Process, v.Reader.Container, v.Reader.Pod}[g]
}

// Age is the time from a writer's last write to the read, in nanoseconds; zero
// where the clocks of two processors disagree about the order.
func (v *Verdict) Age(w *Writer) int64 { return max(0, v.At-w.At) }

// Flow writes one flow as text.
func (v *Verdict) Flow(g Granularity, w *Writer) string {
	return EscapeText(w.Domain) + Arrow + EscapeText(v.Path) + Arrow + EscapeText(v.ReaderDomain(g))
}

// FlowItem writes one flow as an item of a list.
func (v *Verdict) FlowItem(g Granularity, w *Writer) string {
	return EscapeItem(w.Domain) + Arrow + EscapeItem(v.Path) + Arrow + EscapeItem(v.ReaderDomain(g))
}

// Clone makes a copy that lives as long as it is wanted: what a Tracker gives, its next
// read overwrites.
func (v *Verdict) Clone() *Verdict {
	c := *v
	for g := range c.crossings {
		c.crossings[g].Writers = slices.Clone(v.crossings[g].Writers)
		for i := range c.crossings[g].Writers {
			w := &c.crossings[g].Writers[i]
			w.path = slices.Clone(w.path)
		}
	}
	return &c
}

// reset empties the verdict and keeps its memory.
func (v *Verdict) reset() {
	for g := range v.crossings {
		v.crossings[g].New = false
		v.crossings[g].Writers = v.crossings[g].Writers[:0]
	}
}

// more adds a writer to the crossing; its memory may have been used before.
func (c *Crossing) more() *Writer {
	n := len(c.Writers)
	if n < cap(c.Writers) {
		c.Writers = c.Writers[:n+1]
	} else {
		c.Writers = append(c.Writers, Writer{})
	}
	return &c.Writers[n]
}
