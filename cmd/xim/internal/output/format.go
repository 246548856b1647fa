package output

import (
	"fmt"
	"strconv"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
)

// Format is how a flow is written.
type Format string

const (
	Line Format = "line" // xIM's own line
	Wide Format = "wide" // the line, then host, priority, operation, age and count
	JSON Format = "json" // one object a line
)

// ParseFormat reads the name of a format.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Line, Wide, JSON:
		return f, nil
	}
	return "", fmt.Errorf("unknown output %q: it is line, wide or json", s)
}

// Printer turns flows and alerts into lines.
type Printer struct {
	Format Format
	Color  bool
}

const (
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	reset  = "\x1b[0m"

	stamp = "2006-01-02 15:04:05"
)

// AppendFlow appends the line of a flow, with its end.
func (p Printer) AppendFlow(dst []byte, r *dedup.Record) []byte {
	if p.Format == JSON {
		return append(AppendJSON(dst, r), '\n')
	}
	dst = p.paint(dst, yellow, "WARNING:")
	dst = append(dst, ' ')
	dst = r.First.AppendFormat(dst, stamp)
	dst = append(dst, " - Cross-"...)
	dst = append(dst, Name(r.Granularity)...)
	dst = append(dst, " flow: "...)
	dst = p.paint(dst, bold, Name(r.Writer))
	dst = p.paint(dst, dim, " -> ")
	dst = append(dst, Name(r.Path)...)
	dst = p.paint(dst, dim, " -> ")
	dst = p.paint(dst, bold, Name(r.Reader))
	if p.Format == Wide {
		dst = append(dst, " |"...)
		dst = appendPair(dst, "host", r.Host)
		dst = appendPair(dst, "priority", r.Priority)
		dst = appendPair(dst, "op", r.Op)
		age := ""
		if r.HasAge {
			age = r.Age.String()
		}
		dst = appendPair(dst, "age", age)
		dst = append(dst, " count="...)
		dst = strconv.AppendUint(dst, r.Count, 10)
	}
	return append(dst, '\n')
}

// AppendAlert appends the line of an alert that is not xIM's, with its end.
func (p Printer) AppendAlert(dst []byte, a *alert.Alert) []byte {
	if p.Format == JSON {
		return append(jsontext.AppendLine(dst, a.Raw), '\n')
	}
	dst = append(dst, Text(a.Priority)...)
	dst = append(dst, ": "...)
	if !a.Time.IsZero() {
		dst = a.Time.AppendFormat(dst, stamp)
		dst = append(dst, " - "...)
	}
	dst = append(dst, Text(a.Rule)...)
	dst = append(dst, ": "...)
	dst = append(dst, Text(a.Text())...)
	return append(dst, '\n')
}

func (p Printer) paint(dst []byte, color, s string) []byte {
	if !p.Color {
		return append(dst, s...)
	}
	dst = append(dst, color...)
	dst = append(dst, s...)
	return append(dst, reset...)
}

func appendPair(dst []byte, key, value string) []byte {
	if value == "" {
		value = "-"
	}
	dst = append(dst, ' ')
	dst = append(dst, key...)
	dst = append(dst, '=')
	return append(dst, Name(value)...)
}

// AppendJSON appends a flow as one object. Empty parts stay in, so that every
// object has the same keys; age_ns is null where the alert had none.
func AppendJSON(dst []byte, r *dedup.Record) []byte {
	for i, part := range [...][2]string{
		{"host", r.Host}, {"granularity", r.Granularity}, {"writer", r.Writer}, {"path", r.Path}, {"reader", r.Reader},
		{"op", r.Op}, {"rule", r.Rule}, {"priority", r.Priority},
		{"first_seen", r.First.Format(time.RFC3339Nano)}, {"last_seen", r.Last.Format(time.RFC3339Nano)},
	} {
		dst = append(dst, "{,"[min(i, 1)], '"')
		dst = append(dst, part[0]...)
		dst = append(dst, `":`...)
		dst = jsontext.AppendString(dst, part[1])
	}
	dst = append(dst, `,"age_ns":`...)
	if r.HasAge {
		dst = strconv.AppendInt(dst, int64(r.Age), 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendUint(dst, r.Count, 10)
	return append(dst, '}')
}
