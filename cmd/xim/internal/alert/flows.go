package alert

import (
	"errors"
	"fmt"
	"slices"
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
		return d.add(a, f)
	})
	if err != nil || len(a.Flows) > had {
		return err
	}
	f.Writer, _ = d.text(one)
	return d.add(a, f)
}

// fromTexts takes flows from the texts meant for people, for alerts that carry
// nothing else.
func (d *Decoder) fromTexts(a *Alert) error {
	for i := range granularities {
		of := &d.xim.at[i]
		add := func(item string) error {
			w, p, r, ok := flow.SplitFlow(item)
			if !ok {
				return fmt.Errorf("a flow that is not writer -> path -> reader: %.80q", item)
			}
			return d.add(a, Flow{a.Hostname, d.granularity(i), w, p, r})
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
func (d *Decoder) add(a *Alert, f Flow) error {
	if f.Writer == "" || f.Path == "" || f.Reader == "" {
		return nil
	}
	size := f.Size()
	if size > MaxFlow {
		return fmt.Errorf("a flow of more than %d bytes", MaxFlow)
	}
	if d.size += size; d.size > MaxFlows {
		return fmt.Errorf("flows of more than %d bytes", MaxFlows)
	}
	if d.has(a, f) {
		return nil
	}
	a.Flows = append(a.Flows, f)
	return nil
}

// few is how many flows are compared one by one: a usual alert has fewer.
const few = 32

// has says whether an alert has named a flow before. Of many it keeps a set: a
// body of a hundred thousand writers must not cost the square of that.
func (d *Decoder) has(a *Alert, f Flow) bool {
	if len(a.Flows) < few {
		return slices.Contains(a.Flows, f)
	}
	if d.many == nil {
		d.many = make(map[Flow]struct{})
		for _, have := range a.Flows {
			d.many[have] = struct{}{}
		}
	}
	_, ok := d.many[f]
	d.many[f] = struct{}{}
	return ok
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
