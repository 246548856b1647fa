package alert

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
)

// Numbers of the fields of falco.outputs.response and of what it holds.
const (
	frameTime     = 1
	framePriority = 2
	frameRule     = 4
	frameOutput   = 5
	frameFields   = 6
	frameHostname = 7
	frameTags     = 8
	frameSource   = 9
)

// priorities by their number in Falco's schema.
var priorities = [...]string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

var errFrame = errors.New("the frame is no message of Falco's")

// FromFrame appends, as JSON, an alert that came as a protobuf message. There
// every output field is a text, "<NA>" where it has no value.
//
// It reads the wire format itself because a generated decoder refuses a text
// that is not UTF-8, and a file name need not be. Such bytes stay as they are.
func FromFrame(dst, frame []byte) ([]byte, error) {
	var when time.Time
	var priority uint64
	var rule, output, hostname, source string
	var fields, tags []byte
	err := each(frame, func(num protowire.Number, n uint64, b []byte) error {
		switch num {
		case frameTime:
			var secs, nanos uint64
			err := each(b, func(num protowire.Number, n uint64, _ []byte) error {
				switch num {
				case 1:
					secs = n
				case 2:
					nanos = n
				}
				return nil
			})
			when = time.Unix(int64(secs), int64(nanos)).UTC()
			if err == nil && (when.Before(earliest) || when.After(latest)) {
				err = fmt.Errorf("the time %d s is out of range", int64(secs))
			}
			return err
		case framePriority:
			priority = n
		case frameRule:
			rule = string(b)
		case frameOutput:
			output = string(b)
		case frameHostname:
			hostname = string(b)
		case frameSource:
			source = string(b)
		case frameTags:
			tags = appendItem(tags, string(b))
		case frameFields:
			var key, value string
			if err := each(b, func(num protowire.Number, _ uint64, b []byte) error {
				switch num {
				case 1:
					key = string(b)
				case 2:
					value = string(b)
				}
				return nil
			}); err != nil {
				return err
			}
			fields = append(appendItem(fields, key), ':')
			if value == "<NA>" {
				fields = append(fields, "null"...)
			} else {
				fields = appendRaw(fields, value)
			}
		}
		return nil
	})
	if err != nil {
		return dst, err
	}
	dst = appendRaw(append(dst, `{"hostname":`...), hostname)
	dst = appendRaw(append(dst, `,"output":`...), output)
	name := "Debug"
	if priority < uint64(len(priorities)) {
		name = priorities[priority]
	}
	dst = appendRaw(append(dst, `,"priority":`...), name)
	dst = appendRaw(append(dst, `,"rule":`...), rule)
	dst = appendRaw(append(dst, `,"source":`...), source)
	dst = append(append(append(dst, `,"tags":[`...), tags...), ']')
	if !when.IsZero() {
		dst = appendRaw(append(dst, `,"time":`...), when.Format(time.RFC3339Nano))
	}
	return append(append(append(dst, `,"output_fields":{`...), fields...), "}}"...), nil
}

// appendItem appends a text, after a comma if it is not the first.
func appendItem(dst []byte, s string) []byte {
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	return appendRaw(dst, s)
}

// appendRaw appends a JSON string whose bytes that are not UTF-8 stay as they
// are, for the decoder here and for nobody else.
func appendRaw(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
		if i < 0 {
			return append(append(dst, s...), '"')
		}
		dst = append(dst, s[:i]...)
		quoted := jsontext.AppendString(nil, s[i:i+1])
		dst = append(dst, quoted[1:len(quoted)-1]...)
		s = s[i+1:]
	}
}

// each calls field with every field of a message: n for one that is a number, b
// for one that has bytes.
func each(message []byte, field func(num protowire.Number, n uint64, b []byte) error) error {
	for len(message) > 0 {
		num, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errFrame
		}
		message = message[size:]
		var n uint64
		var b []byte
		switch kind {
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			b, size = protowire.ConsumeBytes(message)
		default:
			size = protowire.ConsumeFieldValue(num, kind, message)
		}
		if size < 0 {
			return errFrame
		}
		if err := field(num, n, b); err != nil {
			return err
		}
		message = message[size:]
	}
	return nil
}
