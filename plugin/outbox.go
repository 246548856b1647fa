package main

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/binary"
	"encoding/json"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// The framework's queue holds 4,096 events, of all plugins, and loses more without a
// word. It hands an event back when its own events have come to the event's time; one
// without a time, at once.
const (
	maxWaiting     = 1024 // crossings that were sent and did not come back
	maxBehind      = 1024 // events that are left in the queue though they are of no use
	lookAfterEvery = 250 * time.Millisecond
	sendAgainAfter = time.Second      // an idle machine has no event that is younger
	lostAfter      = 10 * time.Second // an event without a time that did not come back
	maxSendings    = 4
)

// A crossing is a read that the kernel sensor found to cross a border.
type crossing struct {
	verdict  *flow.Verdict
	boot     uint64 // time since boot
	tid, pid int32
	uid      uint32
	comm     string // of the thread group's leader
	program  string // its path, where processes are told apart by that

	seq    uint64
	at     uint64 // the event's time
	sent   time.Time
	times  int    // that it was sent
	events uint64 // that the framework had handed over when it was sent last
}

// An outbox holds the crossings that were sent to the framework until they come back
// as events.
type outbox struct {
	last    uint64 // the last number
	waiting map[uint64]*crossing
	current *crossing // came back last
	size    atomic.Int64
	room    chan struct{}
	offset  uint64 // from the time since boot to that of the framework's events
	behind  int    // events in the queue whose crossings came back by another
	event   []byte // memory that is used again

	sent, again, lost, refused, introduced uint64
}

func newOutbox() outbox {
	return outbox{waiting: map[uint64]*crossing{}, room: make(chan struct{}, 1)}
}

// begin sets the clock as libscap does, once: the wall's may be set later.
func (o *outbox) begin() {
	var boot unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) == nil {
		o.offset = uint64(time.Now().UnixNano() - boot.Nano())
	}
	o.behind = 0
}

// full tells, without the lock, whether no more should be found for now.
func (o *outbox) full() bool { return o.size.Load() >= maxWaiting }

func (o *outbox) add(c *crossing) {
	o.last++
	c.seq = o.last
	o.waiting[c.seq] = c
	o.size.Store(int64(len(o.waiting)))
}

// remove makes room for another.
func (o *outbox) remove(c *crossing) {
	delete(o.waiting, c.seq)
	o.size.Store(int64(len(o.waiting)))
	select {
	case o.room <- struct{}{}:
	default:
	}
}

// empty gives back what did not come back.
func (o *outbox) empty() []*crossing {
	var left []*crossing
	for _, c := range o.waiting {
		left = append(left, c)
	}
	clear(o.waiting)
	o.size.Store(0)
	o.current = nil
	return left
}

// found is called by the feed, with the lock held.
func (p *instance) found(v *flow.Verdict, r *kernel.Record) {
	if p.sense == nil && p.outbox.full() { // at the end nobody makes room
		p.outbox.lost++
		return
	}
	p.post(&crossing{
		verdict: v.Clone(),
		boot:    r.At, tid: r.TID, pid: r.PID, uid: r.UID,
		comm: r.Subject.Name(), program: r.Program,
	}, time.Now())
}

// post sends a crossing with the time of the read: the framework has then parsed what
// the thread did before.
func (p *instance) post(c *crossing, now time.Time) {
	c.at, c.times = c.boot+p.outbox.offset, 0
	p.outbox.add(c)
	at := c.at
	if p.outbox.behind >= maxBehind {
		at = noTime
	}
	if !p.deliver(c, at, now) {
		p.outbox.remove(c)
		p.outbox.lost++
		return
	}
	p.outbox.sent++
}

// noTime has an event handed back at once.
const noTime = 1<<64 - 1

func (p *instance) deliver(c *crossing, at uint64, now time.Time) bool {
	c.sent, c.events = now, uint64(p.shim.events)
	c.times++
	p.outbox.event = c.encode(p.outbox.event[:0], at)
	err := p.send(p.outbox.event)
	if err != nil {
		if p.outbox.refused++; p.outbox.refused == 1 {
			p.note("an event was not taken: %v", err)
		}
	}
	return err == nil
}

// resend sends without a time what waits too long, and gives up what was lost: the
// framework went on, and did not hand it back.
func (p *instance) resend(now time.Time) {
	for _, c := range p.outbox.waiting {
		switch waited := now.Sub(c.sent); {
		case c.times == 1 && waited < sendAgainAfter,
			c.times > 1 && (waited < lostAfter || uint64(p.shim.events) == c.events):
		case c.times == maxSendings:
			p.outbox.lost++
			p.outbox.remove(c)
		default:
			p.outbox.again++
			p.deliver(c, noTime, now)
		}
	}
}

// crossed takes an event of ours. Each crossing is one event's; what else comes with its
// number carries nothing.
func (p *instance) crossed(e *event.Event, out *C.xim_outcome) {
	o := &p.outbox
	var id struct {
		Seq  uint64 `json:"seq"`
		Time uint64 `json:"time"`
	}
	if json.Unmarshal(e.Data, &id) != nil {
		return
	}
	c := o.waiting[id.Seq]
	inTime := uint64(e.Time) == id.Time
	switch {
	case c != nil:
		o.remove(c)
		o.current = c
		if !inTime {
			o.behind++
		}
	case out.again != 0 && o.current != nil && o.current.seq == id.Seq:
		c = o.current
	default:
		if inTime && o.behind > 0 {
			o.behind--
		}
		return
	}
	p.judge(c.verdict, out)
	p.introduce(c)
}

// encode appends the event. The lengths of an asynchronous one are of four bytes.
func (c *crossing) encode(b []byte, at uint64) []byte {
	const header, name = 26, "xim\x00"
	data := append(c.describe(), 0)
	b = binary.LittleEndian.AppendUint64(b, at)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.tid))
	b = binary.LittleEndian.AppendUint32(b, uint32(header+3*4+4+len(name)+len(data)))
	b = binary.LittleEndian.AppendUint16(b, event.Async)
	b = binary.LittleEndian.AppendUint32(b, 3)
	for _, n := range []int{4, len(name), len(data)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	b = binary.LittleEndian.AppendUint32(b, 0) // the plugin's id, which is not ours to know
	b = append(b, name...)
	return append(b, data...)
}

// A side is one granularity's part of what an event's data tell.
type side struct {
	Writers []string `json:"writers"`
	Reader  string   `json:"reader"`
	New     bool     `json:"new"`
}

// describe writes the event's data. Who reads a recording has nothing else.
func (c *crossing) describe() []byte {
	v := c.verdict
	d := struct {
		Seq   uint64          `json:"seq"`
		Time  uint64          `json:"time"`
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		PID   int32           `json:"pid"`
		TID   int32           `json:"tid"`
		UID   uint32          `json:"uid"`
		Comm  string          `json:"comm"`
		Flows map[string]side `json:"flows"`
	}{
		Seq: c.seq, Time: c.at, Op: v.Op.String(), Path: v.Path,
		PID: c.pid, TID: c.tid, UID: c.uid, Comm: c.comm, Flows: map[string]side{},
	}
	for _, g := range flow.Granularities {
		crossed := v.Crossing(g)
		if len(crossed.Writers) == 0 {
			continue
		}
		s := side{Reader: v.ReaderDomain(g), New: crossed.New}
		for i := range crossed.Writers {
			s.Writers = append(s.Writers, crossed.Writers[i].Domain)
		}
		d.Flows[g.String()] = s
	}
	data, _ := json.Marshal(d) // there is nothing in it that could not be written
	return data
}
