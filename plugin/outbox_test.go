package main

import (
	"testing"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
)

// crossingOf is a crossing by two writers.
func crossingOf(t testing.TB) *crossing {
	t.Helper()
	tr, err := flow.New(flow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := flow.FileKey(1, 2, 3)
	tr.Write(k, tr.Subject("alice", flow.Place{Container: "0123456789ab", PodUID: "u1"}), "/a", 100)
	tr.Write(k, tr.Subject("a,b \"c\"\xff", flow.Place{}), "/b", 200)
	v := tr.Read(k, tr.Subject("bob", flow.Place{}), "/data/x -> y", flow.OpPread, 300)
	return &crossing{verdict: v.Clone(), seq: 7, at: 1000, tid: 42, pid: 41, uid: 1000, comm: "bob"}
}

// The event is one that the framework takes, and tells by itself what it is about.
func TestCrossingAsEvent(t *testing.T) {
	c := crossingOf(t)
	for _, at := range []uint64{1000, noTime} {
		var e event.Event
		if err := event.Decode(c.encode(nil, at), &e); err != nil {
			t.Fatal(err)
		}
		const want = `{"seq":7,"time":1000,"op":"pread","path":"/data/x -\u003e y","pid":41,"tid":42,"uid":1000,"comm":"bob",` +
			`"flows":{"container":{"writers":["0123456789ab"],"reader":"host","new":true},` +
			`"pod":{"writers":["pod:u1"],"reader":"host","new":true},` +
			`"process":{"writers":["a,b \"c\"\ufffd","alice"],"reader":"bob","new":true}}}`
		if e.Kind != event.Crossed || uint64(e.Time) != at || e.Thread != 42 || string(e.Data) != want {
			t.Errorf("got  %+v\n%s\nwant %s", e, e.Data, want)
		}
	}
}

func BenchmarkCrossing(b *testing.B) {
	c := crossingOf(b)
	var memory []byte
	b.ReportAllocs()
	for b.Loop() {
		kept := crossing{verdict: c.verdict.Clone(), seq: c.seq, at: c.at, comm: c.comm}
		memory = kept.encode(memory[:0], c.at)
	}
}
