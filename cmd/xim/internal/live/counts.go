package live

import (
	"fmt"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// inside is what the feed and the engine count.
type inside struct {
	feed     kernel.FeedStats
	engine   flow.Stats
	runtimes uint64 // reads left out, since they are runtimes' own doing
	late     uint64 // reads found once nobody took alerts any more: at the end
}

// Stats gives the sensor's counters; those of its end once it is closed.
func (s *Source) Stats() kernel.Stats {
	s.open.Lock()
	defer s.open.Unlock()
	if !s.shut {
		if now, err := s.sensor.Stats(); err == nil {
			s.last = now
		}
	}
	return s.last
}

// look gives what is counted inside, or what it was before: while standard output takes
// nothing the feed holds its lock, and who asks must not wait for that.
func (s *Source) look() inside {
	for range 20 {
		if s.using.TryLock() {
			s.inside.feed, s.inside.engine = s.feed.Stats(), s.tracker.Stats()
			now := s.inside
			s.using.Unlock()
			s.shown.Store(&now)
			break
		}
		time.Sleep(time.Millisecond)
	}
	if shown := s.shown.Load(); shown != nil {
		return *shown
	}
	return inside{}
}

// Counts is what a line of counts adds: what was lost, if anything was.
func (s *Source) Counts() string {
	stats, text := s.Stats(), ""
	if n := stats.Lost(); n > 0 {
		text = fmt.Sprintf(", %d accesses lost in the kernel (see %q)", n, "xim run --help")
	}
	if n := stats.NoFile; n > 0 {
		text += fmt.Sprintf(", %d calls whose descriptor was closed meanwhile", n)
	}
	return text
}
