package alert

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
)

// granularities in the order their fields are kept; the last is that of the
// short names.
var granularities = [...]string{"process", "container", "pod", ""}

const short = len(granularities) - 1

// Unknown is the granularity of a flow whose alert does not say.
const Unknown = "domain"

var errNoFlow = errors.New("an xIM alert without a whole flow: its output needs " +
	"xim.<granularity>.writers, xim.<granularity>.reader and xim.path")

// texts are values of the plugin's fields as JSON, nil where absent.
type texts struct {
	granularity []byte
	at          [len(granularities)]struct {
		writers, writer, reader, flows, flow, path, op, age []byte
	}
}

// Decoder reads alerts. The zero value is ready; one goroutine at a time.
type Decoder struct {
	scan    scanner
	xim     texts
	scratch []byte
	names   names
}

// Decode reads the first alert of text into a, overwriting all of it, and
// returns what follows. Blanks around it are skipped; a text of nothing but
// blanks leaves a.Raw empty. After an error nothing else of text can be read.
func (d *Decoder) Decode(text []byte, a *Alert) (rest []byte, err error) {
	flows := a.Flows[:0]
	*a = Alert{Flows: flows}
	d.scan = scanner{text: text}
	d.xim = texts{}
	if d.scan.next(); d.scan.at == len(text) {
		return nil, nil
	}
	start := d.scan.at
	var when []byte
	err = d.scan.object(0, func(key []byte, escaped bool) error {
		switch string(d.key(key, escaped)) {
		case "time":
			return d.into(&when)
		case "rule":
			return d.string(&a.Rule)
		case "priority":
			return d.string(&a.Priority)
		case "source":
			return d.string(&a.Source)
		case "hostname":
			return d.string(&a.Hostname)
		case "output":
			return d.into(&a.Output)
		case "tags":
			return d.into(&a.Tags)
		case "output_fields":
			return d.fields(a)
		}
		_, err := d.scan.value(1)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.Raw = text[start:d.scan.at]
	d.scan.space()
	rest = text[d.scan.at:]
	if a.Time, err = d.time(when); err != nil {
		return rest, err
	}
	if !a.XIM {
		return rest, nil
	}
	return rest, d.flows(a)
}

// key unescapes a member's name where it has to be.
func (d *Decoder) key(raw []byte, escaped bool) []byte {
	if !escaped {
		return raw
	}
	d.scratch = unquote(d.scratch[:0], raw)
	return d.scratch
}

func (d *Decoder) into(p *[]byte) (err error) {
	*p, err = d.scan.value(1)
	return err
}

// string reads a string; any other kind of value counts as none.
func (d *Decoder) string(p *string) error {
	v, err := d.scan.value(1)
	if err == nil {
		*p, _ = d.text(v)
	}
	return err
}

// text returns what a scanned JSON string means, false for other values.
func (d *Decoder) text(v []byte) (string, bool) {
	if len(v) < 2 || v[0] != '"' {
		return "", false
	}
	v = v[1 : len(v)-1]
	if bytes.IndexByte(v, '\\') >= 0 {
		d.scratch = unquote(d.scratch[:0], v)
		v = d.scratch
	}
	return d.names.get(v), true
}

func (d *Decoder) fields(a *Alert) (err error) {
	if d.scan.next() != '{' {
		_, err = d.scan.value(1)
		return err
	}
	start := d.scan.at
	err = d.scan.object(1, func(raw []byte, escaped bool) error {
		key := d.key(raw, escaped)
		if !bytes.HasPrefix(key, []byte("xim.")) {
			_, err := d.scan.value(2)
			return err
		}
		a.XIM = true
		slot := d.xim.slot(key[len("xim."):])
		v, err := d.scan.value(2)
		if slot != nil && string(v) != "null" {
			*slot = v
		}
		return err
	})
	a.Fields = d.scan.text[start:d.scan.at]
	return err
}

func (x *texts) slot(name []byte) *[]byte {
	at := short
	for i, g := range granularities[:short] {
		if len(name) > len(g) && name[len(g)] == '.' && string(name[:len(g)]) == g {
			at, name = i, name[len(g)+1:]
			break
		}
	}
	of := &x.at[at]
	switch string(name) {
	case "writers":
		return &of.writers
	case "writer":
		return &of.writer
	case "reader":
		return &of.reader
	case "flows":
		return &of.flows
	case "flow":
		return &of.flow
	case "path":
		return &of.path
	case "op":
		return &of.op
	case "age":
		return &of.age
	case "granularity":
		return &x.granularity
	}
	return nil
}

// flows builds the flows of the fields that were found.
func (d *Decoder) flows(a *Alert) error {
	plain := &d.xim.at[short]
	from := -1 // whose operation and age are taken
	for i := range granularities {
		of := &d.xim.at[i]
		f := Flow{Host: a.Hostname, Granularity: d.granularity(i)}
		f.Path, _ = d.text(either(of.path, plain.path))
		f.Reader, _ = d.text(of.reader)
		if f.Path == "" || f.Reader == "" {
			continue
		}
		had := len(a.Flows)
		if err := d.writers(a, f, of.writers, of.writer); err != nil {
			return err
		}
		if had == 0 && len(a.Flows) > 0 {
			from = i
		}
	}
	if len(a.Flows) == 0 {
		if err := d.fromTexts(a); err != nil {
			return err
		}
	}
	if len(a.Flows) == 0 {
		return errNoFlow
	}
	of := plain
	if from >= 0 {
		of = &d.xim.at[from]
	}
	a.Op, _ = d.text(either(of.op, plain.op))
	a.Age, a.HasAge = d.age(either(of.age, plain.age))
	return nil
}

// either is the first value that is there.
func either(a, b []byte) []byte {
	if a != nil {
		return a
	}
	return b
}

// granularity is the name of the i-th; that of the short names is in a field.
func (d *Decoder) granularity(i int) string {
	if i != short {
		return granularities[i]
	}
	if name, ok := d.text(d.xim.granularity); ok && name != "" {
		return name
	}
	return Unknown
}

// writers adds f once for each writer: those of the list, else the one.
func (d *Decoder) writers(a *Alert, f Flow, list, one []byte) error {
	had := len(a.Flows)
	err := d.list(a, list, func(item string) error {
		f.Writer = flow.Unescape(item)
		return a.add(f)
	})
	if err != nil || len(a.Flows) > had {
		return err
	}
	f.Writer, _ = d.text(one)
	return a.add(f)
}

// fromTexts takes flows from the texts meant for people, for alerts that carry
// nothing else.
func (d *Decoder) fromTexts(a *Alert) error {
	for i := range granularities {
		of := &d.xim.at[i]
		add := func(item string) error {
			w, p, r, ok := flow.SplitFlow(item)
			if !ok {
				return fmt.Errorf("a flow that is not writer -> path -> reader: %q", item)
			}
			return a.add(Flow{a.Hostname, d.granularity(i), w, p, r})
		}
		had := len(a.Flows)
		if err := d.list(a, of.flows, add); err != nil {
			return err
		}
		if one, ok := d.text(of.flow); ok && len(a.Flows) == had {
			if err := add(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// list calls item with each element of a list: a JSON array, or the text (a,b).
func (d *Decoder) list(a *Alert, v []byte, item func(string) error) error {
	if len(v) == 0 {
		return nil
	}
	if v[0] != '[' {
		s, ok := d.text(v)
		if !ok {
			return fmt.Errorf("a list is wanted, not %.40s", v)
		}
		items, cut := flow.SplitList(s)
		if cut {
			a.Cut++
		}
		for _, s := range items {
			if err := item(s); err != nil {
				return err
			}
		}
		return nil
	}
	s := scanner{text: v}
	return s.array(0, func() error {
		e, err := s.value(1)
		if err != nil {
			return err
		}
		name, ok := d.text(e)
		if !ok {
			return fmt.Errorf("a name is wanted in a list, not %.40s", e)
		}
		return item(name)
	})
}

// add keeps a whole flow that the alert has not named yet.
func (a *Alert) add(f Flow) error {
	if f.Writer == "" || f.Path == "" || f.Reader == "" {
		return nil
	}
	if max(len(f.Host), len(f.Granularity), len(f.Writer), len(f.Path), len(f.Reader)) > MaxName {
		return fmt.Errorf("a name of more than %d bytes", MaxName)
	}
	for _, have := range a.Flows {
		if have == f {
			return nil
		}
	}
	a.Flows = append(a.Flows, f)
	return nil
}

// Times that can be kept as nanoseconds in 64 bits.
var (
	earliest = time.Unix(0, 0)
	latest   = time.Unix(0, math.MaxInt64)
)

// time reads RFC 3339, and the zone without a colon that Falco wrote once.
func (d *Decoder) time(v []byte) (time.Time, error) {
	if v == nil || string(v) == "null" {
		return time.Time{}, nil
	}
	s, ok := d.plain(v)
	if !ok {
		return time.Time{}, fmt.Errorf("a time is wanted, not %.40s", v)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999-0700", s)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("a time is wanted, not %.40q", s)
	}
	if t.Before(earliest) || t.After(latest) {
		return time.Time{}, fmt.Errorf("the time %s is out of range", t.Format(time.RFC3339))
	}
	return t.UTC(), nil
}

// plain is text for values that seldom come twice.
func (d *Decoder) plain(v []byte) (string, bool) {
	if len(v) < 2 || v[0] != '"' {
		return "", false
	}
	d.scratch = unquote(d.scratch[:0], v[1:len(v)-1])
	return string(d.scratch), true
}

// age reads nanoseconds: a number, or over gRPC its digits.
func (d *Decoder) age(v []byte) (time.Duration, bool) {
	s := string(v)
	if text, ok := d.plain(v); ok {
		s = text
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Duration(n), err == nil && n >= 0
}
