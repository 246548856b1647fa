package scap_test

import (
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

// TestLies shows what the host makes of an event whose header lies: which lies reach a
// plugin, and which end the replay before.
func TestLies(t *testing.T) {
	good := [][]byte{scap.I64(10), make([]byte, 10), scap.I64(3), scap.U32(10)}
	const through = "" // the host does not mind
	for _, c := range []struct {
		name  string
		event scap.Event
		want  string // in what the host says
	}{
		{"truth", scap.Event{Params: good}, through},
		{"longer data", scap.Event{Params: good, Lens: []uint32{8, 60000, 8, 4}}, through},
		{"longer last", scap.Event{Params: good, Lens: []uint32{8, 10, 8, 60000}}, through},
		{"no fd", scap.Event{Params: good, Lens: []uint32{8, 10, 0, 4}}, through},
		{"all empty", scap.Event{Params: good, Lens: []uint32{0, 0, 0, 0}}, through},
		{"short result", scap.Event{Params: good, Lens: []uint32{4, 10, 8, 4}}, through},
		{"short fd", scap.Event{Params: good, Lens: []uint32{8, 10, 2, 4}}, "expected length 8, found 2"},
		{"as in old captures", scap.Event{Params: good[:2]}, through},
		{"only a result", scap.Event{Params: good[:1]}, "Required conversion"},
		{"fewer claimed", scap.Event{Params: good, NParams: new(uint32(2))}, through},
		{"short event", scap.Event{Params: good, Len: new(uint32(20))}, through},
		{"endless event", scap.Event{Params: good, Len: new(uint32(1 << 31))}, through},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory()
			s.Process(scap.Proc{PID: 100, Comm: "liar"}).Open("/x", scap.ORdonly, dev, 1)
			c.event.Type, c.event.TID = scap.EvRead, 100
			s.Add(c.event)
			s.Read(100, 3, 1)

			out, errs, _ := sysdig.Try(t, "-r", file(t, s.Writer), "-p", "*%evt.num %evt.type")
			if c.want == through && out != "1 open\n2 read\n3 read\n" || !strings.Contains(errs, c.want) {
				t.Errorf("the host says:\n%s%s", out, errs)
			}
		})
	}
}
