package scap

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for _, c := range []struct {
		name string
		tell func(*Writer)
		want string
	}{
		{"nothing told", func(*Writer) {}, "write capture: no events"},
		{"no name", func(w *Writer) { w.Process(Proc{PID: 1}) }, `write capture: process "", pid 1: both are needed`},
		{"twice", func(w *Writer) { w.Process(Proc{PID: 1, Comm: "a"}); w.Process(Proc{PID: 1, Comm: "a"}) },
			"write capture: thread 1 is listed twice"},
		{"long path", func(w *Writer) { w.Process(Proc{PID: 1, Comm: "a", ExePath: long}) },
			"write capture: process 1: string of 65536 bytes, at most 1023"},
		{"long arguments", func(w *Writer) { w.Process(Proc{PID: 1, Comm: "a", Args: []string{long}}) },
			"write capture: process 1: list of 65537 bytes, at most 4096"},
		{"long fd", func(w *Writer) { w.HasFD(1, FD{Name: long}) }, "write capture: fd 0: name of 65536 bytes, at most 1023"},
		{"long user", func(w *Writer) { w.User(User{UID: 5, Name: long}) }, "write capture: user 5: string of 65536 bytes, at most 255"},
		{"long parameter", func(w *Writer) { w.Unlink(1, long, 0) }, "write capture: event 1: parameter of 65537 bytes, at most 65535"},
		{"long event", func(w *Writer) { w.Rename(1, long[1000:], long[1000:], 0) }, "write capture: event 1: event of 129114 bytes, at most 65528"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := New()
			c.tell(w)
			if _, err := w.Bytes(); err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

// A container's description may be longer than any other parameter.
func TestLongContainer(t *testing.T) {
	w := New()
	w.Container(Container{ID: ID("web"), Image: strings.Repeat("x", 1<<17)})
	if _, err := w.Bytes(); err != nil {
		t.Error(err)
	}
}

func TestClock(t *testing.T) {
	w := New()
	w.Unlink(1, "/a", 0)
	w.Unlink(1, "/b", 0)
	w.Wait(time.Hour)
	w.Step = time.Nanosecond
	w.Unlink(1, "/c", 0)
	w.Unlink(1, "/d", 0)
	for i, after := range []time.Duration{0, time.Millisecond, time.Hour + 2*time.Millisecond, time.Hour + 2*time.Millisecond + 1} {
		if want := U64(uint64(Start.Add(after).UnixNano())); !bytes.HasPrefix(w.events[i].bytes, want) {
			t.Errorf("event %d is not %v after the start", i+1, after)
		}
	}
}
