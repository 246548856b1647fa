package forward

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
	"github.com/xim-monitor/xim/plugin/flow"
)

// AppendPayload appends one flow of an alert as an alert of its own, in Falco's
// JSON. It has the short fields of the plugin and all other fields of the alert
// as they were. Falcosidekick wants a rule, a time, fields, and texts for the
// values of k8s.*, so a missing rule gets a name and a k8s.* without a value is
// left out.
func AppendPayload(dst []byte, a *alert.Alert, f alert.Flow, at time.Time) []byte {
	arrows := flow.EscapeText(f.Writer) + flow.Arrow + flow.EscapeText(f.Path) + flow.Arrow + flow.EscapeText(f.Reader)
	dst = appendText(dst, `{"hostname":`, f.Host)
	dst = appendText(dst, `,"output":`, "Cross-"+f.Granularity+" flow: "+arrows)
	dst = appendText(dst, `,"priority":`, cmp.Or(a.Priority, "Warning"))
	dst = appendText(dst, `,"rule":`, cmp.Or(a.Rule, "xIM flow"))
	dst = appendText(dst, `,"source":`, cmp.Or(a.Source, "syscall"))
	if len(a.Tags) > 0 && a.Tags[0] == '[' {
		dst = jsontext.AppendLine(append(dst, `,"tags":`...), a.Tags)
	} else {
		dst = append(dst, `,"tags":[]`...)
	}
	dst = appendText(dst, `,"time":`, at.Format(time.RFC3339Nano))
	dst = appendText(dst, `,"output_fields":{"xim.granularity":`, f.Granularity)
	dst = appendText(dst, `,"xim.writer":`, f.Writer)
	dst = appendText(dst, `,"xim.path":`, f.Path)
	dst = appendText(dst, `,"xim.reader":`, f.Reader)
	dst = appendText(dst, `,"xim.flow":`, arrows)
	if a.Op != "" {
		dst = appendText(dst, `,"xim.op":`, a.Op)
	}
	if a.HasAge {
		dst = strconv.AppendInt(append(dst, `,"xim.age":`...), int64(a.Age), 10)
	}
	for key, value := range a.EachField {
		switch {
		case strings.HasPrefix(key, "xim."):
		case !strings.HasPrefix(key, "k8s.") || value[0] == '"':
			dst = append(jsontext.AppendString(append(dst, ','), key), ':')
			dst = jsontext.AppendLine(dst, value)
		case string(value) != "null":
			dst = append(jsontext.AppendString(append(dst, ','), key), ':')
			dst = jsontext.AppendString(dst, string(value))
		}
	}
	return append(dst, "}}"...)
}

func appendText(dst []byte, key, value string) []byte {
	return jsontext.AppendString(append(dst, key...), value)
}
