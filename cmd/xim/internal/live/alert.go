package live

import (
	"strconv"
	"strings"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
	"github.com/xim-monitor/xim/plugin/flow"
)

// A rule is what an alert tells of the shipped rule that speaks of the same.
type rule struct {
	name     string
	priority string
	tags     []byte // JSON
}

// A verdict falls to one of two rules at its granularity: the first of data, the second
// of programs that were executed.
var rules = [...][2]rule{
	flow.Process: {
		{"Cross-Process Flow", "Informational", tags("host container filesystem mitre_collection T1005")},
		{"Cross-Process Flow", "Informational", tags("host container filesystem mitre_collection T1005")},
	},
	flow.Container: {
		{"Cross-Container Flow", "Notice", tags("container k8s filesystem mitre_collection T1080 T1005")},
		{"Cross-Container Program Executed", "Warning", tags("container k8s filesystem process mitre_execution T1080")},
	},
	flow.Pod: {
		{"Cross-Pod Flow", "Warning", tags("host container k8s filesystem mitre_lateral_movement mitre_collection T1080 T1005")},
		{"Cross-Pod Program Executed", "Error", tags("host container k8s filesystem process mitre_lateral_movement mitre_execution T1080 T1570")},
	},
}

func tags(words string) []byte {
	b := []byte(`["maturity_incubating"`)
	for _, word := range strings.Fields(words) {
		b = append(append(append(b, `,"`...), word...), '"')
	}
	return append(b, ']')
}

// An actor is who read, as the kernel knows it.
type actor struct {
	pid, tid int32
	uid      uint32
	name     string
	program  string // "" where it is not known
}

// alerts makes alerts, one at a time.
type alerts struct {
	host        string
	granularity flow.Granularity
	alert       alert.Alert
	fields      []byte
}

// of makes the alert of a verdict, whose flows are those at the granularity: none where
// no border is crossed there. It is good until the next one.
func (w *alerts) of(v *flow.Verdict, who actor) *alert.Alert {
	writers := v.Crossing(w.granularity).Writers
	if len(writers) == 0 {
		return nil
	}
	r := &rules[w.granularity][0]
	if v.Op == flow.OpExec {
		r = &rules[w.granularity][1]
	}
	flows := w.alert.Flows[:0]
	for i := range writers {
		f := alert.Flow{
			Host: w.host, Granularity: w.granularity.String(),
			Writer: writers[i].Domain, Path: v.Path, Reader: v.ReaderDomain(w.granularity),
		}
		if f.Size() <= alert.MaxFlow {
			flows = append(flows, f)
		}
	}
	w.alert = alert.Alert{
		Time: time.Unix(0, v.At).UTC(), Rule: r.name, Priority: r.priority, Source: "syscall", Hostname: w.host,
		Tags: r.tags, Fields: w.describe(v, who),
		XIM: true, Flows: flows, Op: v.Op.String(), Age: time.Duration(v.Age(&writers[0])), HasAge: true,
	}
	return &w.alert
}

// describe writes the fields that Falco has beside the plugin's, as far as they are
// known here.
func (w *alerts) describe(v *flow.Verdict, who actor) []byte {
	b := w.fields[:0]
	number := func(key string, n int64) {
		b = strconv.AppendInt(append(jsontext.AppendString(append(b, ','), key), ':'), n, 10)
	}
	text := func(key, s string) {
		b = jsontext.AppendString(append(jsontext.AppendString(append(b, ','), key), ':'), s)
	}
	call := v.Op.String()
	if v.Op == flow.OpExec {
		call = "execve"
	}
	text("evt.type", call)
	number("evt.time", v.At)
	number("proc.pid", int64(who.pid))
	number("thread.tid", int64(who.tid))
	number("user.uid", int64(who.uid))
	text("proc.name", who.name)
	if who.program != "" {
		text("proc.exepath", who.program)
	}
	text("container.id", v.Reader.Container)
	if namespace, name, ok := strings.Cut(v.Reader.Pod, "/"); ok {
		text("k8s.ns.name", namespace)
		text("k8s.pod.name", name)
	}
	b[0] = '{'
	w.fields = append(b, '}')
	return w.fields
}
