package scap_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

// seen is what the host says of one event.
type seen struct {
	Num    int    `json:"evt.num"`
	Type   string `json:"evt.type"`
	TID    int64  `json:"thread.tid"`
	Proc   string `json:"proc.name"`
	FD     *int64 `json:"fd.num"`
	FDName string `json:"fd.name"`
	Dev    string `json:"fd.dev"`
	Ino    uint64 `json:"fd.ino"`
}

// play plays the scenario in the host; what it says comes back by event number.
func play(t *testing.T, w *scap.Writer) map[int]seen {
	t.Helper()
	capture := filepath.Join(t.TempDir(), "made-up.scap")
	if err := w.WriteFile(capture); err != nil {
		t.Fatal(err)
	}
	out := sysdig.Run(t, "-r", capture, "-j", "-p",
		"*%evt.num %evt.type %thread.tid %proc.name %fd.num %fd.name %fd.dev %fd.ino")
	events := make(map[int]seen)
	for line := range strings.Lines(out) {
		var s seen
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		events[s.Num] = s
	}
	return events
}

func TestEventNumbers(t *testing.T) {
	w := scap.New()
	web := w.Process(scap.Proc{PID: 100, Comm: "web"})
	head := w.Container(scap.Container{ID: scap.ID("web")})
	opened := web.Open("/data/x", scap.ORdwr, 0x800010, 77)
	middle := w.Container(scap.Container{ID: scap.ID("web")})
	read := opened.Read(10)

	events := play(t, w)
	for num, want := range map[int]string{opened.Num: "open", middle: "container", read: "read"} {
		if got := events[num].Type; got != want {
			t.Errorf("event %d: %q, want %q", num, got, want)
		}
	}
	if e, shown := events[head]; shown {
		t.Errorf("event %d is shown (%v), but the host consumes the head while it starts", head, e)
	}
	if len(events) != 3 {
		t.Errorf("%d events, want 3", len(events))
	}
}
