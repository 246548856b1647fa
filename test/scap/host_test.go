package scap_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

// made-up device and where it shows: sysdig prints device numbers in hexadecimal.
const dev = 0x800010

// A story is a scenario, and what the host is to say of each event.
type story struct {
	*scap.Writer
	want map[int]string
}

func newStory() story { return story{scap.New(), make(map[int]string)} }

// sees expects an event: "type process thread", and where it has an fd,
// " fd name device:inode" ("?" for the last two where the host does not know the fd).
func (s story) sees(num int, want string) { s.want[num] = want }

// check plays the story in the host.
func (s story) check(t *testing.T) {
	t.Helper()
	got := play(t, s.Writer)
	for num := 1; num <= s.Len(); num++ {
		if got[num] != s.want[num] {
			t.Errorf("event %d: %q\n      want: %q", num, got[num], s.want[num])
		}
	}
}

// file writes the capture where the host can read it.
func file(t *testing.T, w *scap.Writer) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made-up.scap")
	if err := w.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// play returns what the host says of each event that it shows, by number.
func play(t *testing.T, w *scap.Writer) map[int]string {
	t.Helper()
	out := sysdig.Run(t, "-r", file(t, w), "-j", "-p",
		"*%evt.num %evt.type %proc.name %thread.tid %fd.num %fd.name %fd.dev %fd.ino")
	events := make(map[int]string)
	for line := range strings.Lines(out) {
		var e struct {
			Num  int     `json:"evt.num"`
			Type string  `json:"evt.type"`
			Proc string  `json:"proc.name"`
			TID  int64   `json:"thread.tid"`
			FD   *int64  `json:"fd.num"`
			Name string  `json:"fd.name"`
			Dev  *string `json:"fd.dev"`
			Ino  uint64  `json:"fd.ino"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		said := fmt.Sprintf("%s %s %d", e.Type, e.Proc, e.TID)
		switch {
		case e.FD != nil && e.Dev != nil:
			said += fmt.Sprintf(" %d %s %s:%d", *e.FD, e.Name, *e.Dev, e.Ino)
		case e.FD != nil:
			said += fmt.Sprintf(" %d ?", *e.FD)
		}
		events[e.Num] = said
	}
	return events
}
