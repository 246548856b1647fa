package alert

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// Decoder reads alerts. The zero value is ready; one goroutine at a time.
type Decoder struct {
	scan    scanner
	xim     texts
	scratch []byte
	names   names
	many    map[Flow]struct{} // flows of an alert that has many
	size    int               // of the flows of an alert, in bytes
}

// Decode reads the first alert of text into a, overwriting all of it, and
// returns what follows. Blanks around it are skipped; a text of nothing but
// blanks leaves a.Raw empty. After an error nothing else of text can be read.
func (d *Decoder) Decode(text []byte, a *Alert) (rest []byte, err error) {
	flows := a.Flows[:0]
	*a = Alert{Flows: flows}
	d.scan = scanner{text: text}
	d.xim = texts{}
	d.many, d.size = nil, 0
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
