package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
	"github.com/xim-monitor/xim/plugin/kernel/cri"
)

// A Source is the sensor, the engine, and what makes alerts of what they find.
type Source struct {
	o       Options
	sensor  *kernel.Sensor
	feed    *kernel.Feed
	tracker *flow.Tracker
	alerts  alerts
	asked   *cri.Names // nil for nobody

	using  sync.Mutex // of the feed and the tracker
	inside inside     // what is counted there; under using
	shown  atomic.Pointer[inside]

	open sync.Mutex // the sensor; for its counters
	last kernel.Stats
	shut bool
}

var processes = map[string]kernel.Process{
	"": kernel.ByComm, "comm": kernel.ByComm, "exe_path": kernel.ByExePath, "pid": kernel.ByPID,
}

// Open lets the sensor watch. Nothing is lost until Run, but for what the ring buffer
// has no room for.
func Open(o Options) (*Source, error) {
	o.defaults()
	process, ok := processes[o.Process]
	if !ok {
		return nil, fmt.Errorf("process identity is %q: it takes comm, exe_path or pid", o.Process)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	s := &Source{o: o, alerts: alerts{host: host, granularity: o.Granularity}}
	s.sensor, err = kernel.Open(kernel.Options{
		Attach: kernel.Attach(o.Attach), Process: process, Ring: o.Ring,
		Objects: o.MaxObjects, Deeds: o.MaxObjects, MaxWriters: o.MaxWriters,
		Users: o.Users, Processes: o.Processes,
	})
	if err != nil {
		return nil, err
	}
	s.tracker, err = flow.New(flow.Options{
		MaxObjects: cmp.Or(o.MaxObjects, kernel.DefaultObjects), MaxWriters: o.MaxWriters,
		MaxFlows: 1, // what is new is for the pipeline to say
		Evicted:  func(k flow.Key) { s.feed.Evicted(k) },
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	names, err := s.names()
	if err != nil {
		s.Close()
		return nil, err
	}
	s.feed = kernel.NewFeed(s.sensor, kernel.FeedOptions{
		Tracker: s.tracker, Lock: &s.using, Process: process, Excluded: s.excluded(), Names: names, Log: o.Debug,
	})
	s.describe()
	return s, nil
}

// Attached tells where the sensor's programs hang.
func (s *Source) Attached() string { return string(s.sensor.Attached()) }

// excluded tells paths that are left out; nil where there are none.
func (s *Source) excluded() func(string) bool {
	if len(s.o.Paths) == 0 {
		return nil
	}
	return func(path string) bool {
		return slices.ContainsFunc(s.o.Paths, func(folder string) bool {
			rest, below := strings.CutPrefix(path, strings.TrimRight(folder, "/"))
			return below && (rest == "" || rest[0] == '/')
		})
	}
}

// Run puts alerts in until ctx ends. What happened before is put in still.
func (s *Source) Run(ctx context.Context, to *pipeline.Intake) error {
	stop := context.AfterFunc(ctx, func() {
		if err := s.sensor.Stop(); err != nil && !errors.Is(err, os.ErrClosed) {
			s.o.Log("stop the kernel sensor: %v", err)
		}
	})
	defer stop()
	err := s.feed.Run(func(v *flow.Verdict, r *kernel.Record) {
		if !s.o.Runtimes && ofRuntimes(v, r.Subject.Name()) {
			s.inside.runtimes++
			return
		}
		if a := s.alerts.of(v, actor{r.PID, r.TID, r.UID, r.Subject.Name(), r.Program}); a != nil && to.Put(a) != nil {
			s.inside.late++
		}
	})
	s.tellAll()
	s.Close()
	if err != nil {
		return fmt.Errorf("read from the kernel: %w", err)
	}
	return nil
}

// Close takes the sensor away. Its counters stay as they are then.
func (s *Source) Close() {
	s.Stats()
	s.open.Lock()
	defer s.open.Unlock()
	s.shut = true
	s.sensor.Close()
	if s.asked != nil {
		s.asked.Close()
	}
}
