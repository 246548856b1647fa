package main

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	"github.com/falcosecurity/plugin-sdk-go/pkg/cgo"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// A sense is the kernel sensor of one capture, and the goroutines that tend it. They
// take the instance's lock, so whoever stops them must not hold it.
type sense struct {
	sensor  *kernel.Sensor
	feed    *kernel.Feed
	stop    chan struct{}
	helpers sync.WaitGroup
	fed     sync.WaitGroup
	last    *sensorStats // set where the feed ended by itself
}

// openSensor loads the sensor, if it is wanted and what it finds could be told: a
// framework that replays a capture takes no asynchronous events, and gives no handler.
func (p *instance) openSensor() error {
	if !p.config.sensing() {
		return nil
	}
	if p.shim.async_handler == nil {
		p.say("sensor: kernel watches a running machine; in a capture it finds nothing (sensor: falco does)")
		return nil
	}
	o := p.config.sensorOptions()
	o.Paused = true // until it is told what is known
	sensor, err := kernel.Open(o)
	if err != nil {
		return fmt.Errorf("sensor: kernel: %w", err)
	}
	p.sense = &sense{sensor: sensor, stop: make(chan struct{})}
	return nil
}

// startSensing lets the sensor feed the tracker, which must be the one that stays.
func (p *instance) startSensing() error {
	s := p.sense
	if s == nil {
		return nil
	}
	if err := s.tellKnown(p.tracker.Keys()); err != nil {
		return fmt.Errorf("sensor: kernel: %w", err)
	}
	if err := s.sensor.Start(); err != nil {
		return fmt.Errorf("sensor: kernel: %w", err)
	}
	s.feed = kernel.NewFeed(paced{s.sensor, p, s}, kernel.FeedOptions{
		Tracker:  p.tracker,
		Lock:     &p.mu,
		Process:  p.config.sensorOptions().Process,
		Excluded: p.config.exclude.path,
	})
	s.helpers.Go(func() { p.lookAfter(s) })
	s.fed.Go(func() { p.takeIn(s) })
	return nil
}

// stopSensing takes the sensor away and waits for all that might still send. The
// caller must not hold the lock.
func (p *instance) stopSensing() {
	p.mu.Lock()
	s := p.sense
	if s != nil {
		p.senseStats = p.sensed()
		p.sense = nil
	}
	p.mu.Unlock()
	if s == nil {
		return
	}
	close(s.stop)
	s.helpers.Wait()            // they use the sensor
	if s.sensor.Stop() != nil { // what it passed on before is still taken in
		s.sensor.Close()
	}
	s.fed.Wait()
	s.sensor.Close()
}

// tellKnown tells the sensor of the objects that are known from before: reads of others
// that nobody wrote are silent.
func (s *sense) tellKnown(keys []flow.Key) error {
	objects := make([]kernel.Object, len(keys))
	for i, k := range keys {
		dev, generation, ino := k.File()
		objects[i] = kernel.Object{Ino: ino, Dev: dev, Generation: generation}
	}
	return s.sensor.Know(objects...)
}

// takeIn takes in records until the sensor is closed. A record that makes it panic is
// left out.
func (p *instance) takeIn(s *sense) {
	for again := true; again; {
		again = p.takeInSome(s)
	}
	p.mu.Lock()
	if p.sense == s { // nobody stopped it: the machine is not to pay any longer
		last := p.sensed()
		last.attached = 0
		s.last = &last
	}
	p.mu.Unlock()
	s.sensor.Close()
}

func (p *instance) takeInSome(s *sense) (again bool) {
	defer func() {
		if r := recover(); r != nil {
			again = true
			p.mu.Lock()
			p.panicked(r)
			p.mu.Unlock()
		}
	}()
	if err := s.feed.Run(p.found); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.note("the kernel sensor has ended: %v", err)
	}
	return false
}

// lookAfter sends again what did not come back.
func (p *instance) lookAfter(s *sense) {
	tick := time.NewTicker(lookAfterEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			p.lookOnce(now)
		}
	}
}

func (p *instance) lookOnce(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			p.panicked(r)
		}
	}()
	p.resend(now)
}

// panicked counts an error of ours beside the framework's threads. The lock is held.
func (p *instance) panicked(r any) {
	if p.counts.panics++; p.counts.panics == 1 {
		p.note("internal error (please report it; it is left out): %v\n%s", r, debug.Stack())
	}
}

// paced is the sensor for a feed that is not to find more than the framework takes:
// what has to wait does so in the sensor's ring, which says what it loses, and passes
// that on when it happens again.
type paced struct {
	*kernel.Sensor
	p *instance
	s *sense
}

func (s paced) Read(r *kernel.Record, deadline time.Time) error {
	for stopped := false; !stopped && s.p.outbox.full(); {
		wait := time.NewTimer(time.Until(deadline))
		select {
		case <-s.p.outbox.room:
			wait.Stop()
		case <-wait.C:
			return kernel.ErrIdle
		case <-s.s.stop: // what is left in the ring still says who wrote what
			wait.Stop()
			stopped = true
		}
	}
	return s.Sensor.Read(r, deadline)
}

// evicted takes an object that the tracker forgot for want of room.
func (p *instance) evicted(k flow.Key) {
	if p.sense != nil && p.sense.feed != nil {
		p.sense.feed.Evicted(k)
	}
}

// A sensorStats is what the sensor and the feed counted.
type sensorStats struct {
	kernel.Stats
	kernel.FeedStats
	attached uint64 // 0 nowhere, 1 to the tracepoint, 2 to functions
}

// sensed counts what the sensor of this capture did, or that of the one before.
func (p *instance) sensed() sensorStats {
	s := p.sense
	if s == nil {
		last := p.senseStats
		last.attached = 0
		return last
	}
	if s.last != nil {
		return *s.last
	}
	var now sensorStats
	now.Stats, _ = s.sensor.Stats() // what cannot be read is as it was not
	if s.feed != nil {
		now.FeedStats = s.feed.Stats()
	}
	if now.attached = 1; s.sensor.Attached() == kernel.Functions {
		now.attached = 2
	}
	return now
}

var errNotTaken = errors.New("the framework takes no events")

// send hands the framework an event. It never waits for the framework's loop.
func (p *instance) send(event []byte) error {
	if C.xim_send(p.shim, (*C.fw_event)(unsafe.Pointer(unsafe.SliceData(event)))) == C.FW_SUCCESS {
		return nil
	}
	if text := C.GoString(&p.shim.async_error[0]); text != "" {
		return errors.New(text)
	}
	return errNotTaken
}

// introduce makes the thread of a crossing known to the framework, if it is not.
func (p *instance) introduce(c *crossing) {
	if p.shim.writer == nil {
		return
	}
	comm, path, container := C.CString(c.comm), C.CString(c.program), C.CString("")
	if id := c.verdict.Reader.Container; id != flow.HostName {
		C.free(unsafe.Pointer(container))
		container = C.CString(id)
	}
	defer C.free(unsafe.Pointer(comm))
	defer C.free(unsafe.Pointer(path))
	defer C.free(unsafe.Pointer(container))
	who := C.xim_newcomer{
		tid: C.int64_t(c.tid), pid: C.int64_t(c.pid), uid: C.uint32_t(c.uid),
		comm: comm, exe_path: path, container_id: container,
	}
	if C.xim_introduce(p.shim, &who, C.uint64_t(c.seq)) != 0 {
		p.outbox.introduced++
	}
}

//export ximHandler
func ximHandler(h C.uintptr_t, owner unsafe.Pointer, handler C.fw_async_handler) {
	p := cgo.Handle(h).Value().(*instance)
	defer p.guard(nil)
	if handler == nil {
		p.stopSensing()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shim.async_owner, p.shim.async_handler = owner, handler
}
