package scap_test

import (
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// The host consumes container events at the head while it starts: they count, but are
// not shown.
func TestEventNumbers(t *testing.T) {
	s := newStory()
	web := s.Process(scap.Proc{PID: 100, Comm: "web"})
	c := scap.Container{ID: scap.ID("web")}
	s.Container(c)
	s.Container(c)
	opened := web.Open("/data/x", scap.ORdwr, dev, 77)
	s.sees(opened.Num, "open web 100 3 /data/x 800010:77")
	s.sees(s.Container(c), "container  0")
	s.sees(opened.Read(10), "read web 100 3 /data/x 800010:77")
	if s.Len() != 5 {
		t.Errorf("last event %d, want 5", s.Len())
	}
	s.check(t)
}
