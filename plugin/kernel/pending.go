package kernel

import (
	"slices"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
)

// Reads of named pipes that found no writer on the other side wait for the write that
// woke them: its call may return after theirs.
type pending struct {
	reads   []pendingRead
	dropped uint64
}

type pendingRead struct {
	key    flow.Key
	at     int64
	record Record
}

const (
	maxPending  = 256
	pendingTime = int64(time.Second)
)

func (p *pending) add(r *Record, k flow.Key, at int64) {
	if len(p.reads) == maxPending {
		p.dropped++
		p.reads = slices.Delete(p.reads, 0, 1)
	}
	p.reads = append(p.reads, pendingRead{k, at, *r})
}

// judge judges the reads of a pipe again that was written just now.
func (p *pending) judge(f *Feed, k flow.Key, now int64, found Found) {
	p.reads = slices.DeleteFunc(p.reads, func(w pendingRead) bool {
		if now-w.at > pendingTime {
			return true
		}
		if w.key != k {
			return false
		}
		v := f.o.Tracker.Read(k, f.subject(&w.record), w.record.Path, w.record.Op, w.at)
		if v != nil {
			found(v, &w.record)
		}
		return v != nil
	})
}
