// Package pipeline is the way of an alert from a source to the reader's eyes:
// decoded, its flows looked up in the set, the new ones stored, printed and
// handed to the forwarder.
//
// Sources call in from their own goroutines and are held up only by the set's
// lock, and where what is new cannot be printed as fast as it comes (maxWaiting
// lines). One goroutine, the writer, takes everything new as one batch, commits
// it to the store, and prints it. So a batch is as large as a commit is slow,
// and a commit costs the reading side nothing.
//
// What a kill at any moment leaves behind is decided by the order of three
// steps, for each batch:
//
//  1. commit: the store has the flows, each with its place in the order of
//     printing, and what is to be forwarded;
//  2. mark: the place of the last line of a chunk is put into a page of memory
//     shared with a file, which survives the process;
//  3. write: that chunk, at most what a pipe takes at once, in one system call,
//     after waiting until standard output takes it without blocking.
//
// After 1 nothing that is printed can be unknown to the store. Because 2 comes
// before 3 nothing is ever printed twice. What was committed but is not marked
// is printed by the next run. So a kill loses a line only if it hits between the
// store of 2 and the entry of 3, as a rule well under a microsecond, and even then
// the flow is in the store. A power failure may take the mark back by a few seconds: then
// lines are printed twice rather than lost.
package pipeline

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
	"github.com/xim-monitor/xim/cmd/xim/internal/output"
)

// Options say where things come from and go to. Out, Log and Now are needed.
type Options struct {
	Out     Output
	Printer output.Printer
	Log     func(format string, args ...any) // for messages, one line each
	Now     func() time.Time
	All     bool          // print alerts that are not xIM's too
	Max     int           // flows remembered; 0 means no bound
	Forget  time.Duration // see dedup.Set
	Store   Store         // nil: remember for this run only

	// Forward gets what is to be forwarded, nil for nothing. With a store that
	// goes into the store's outbox, in the commit that has the flow, and Forward
	// gets nil as a sign. It must not block.
	Forward func(payload []byte)
}

// Output is where lines go.
type Output interface {
	// Ready waits until a write of 4 KiB would not block.
	Ready() error
	io.Writer
}

// Store keeps flows for the next run.
type Store interface {
	// Commit keeps the batch whole or not at all.
	Commit(Batch) error
	// Mark notes that the line with this number, and all before it, is printed.
	Mark(seq uint64)
}

// Batch is what is written to the store at once.
type Batch struct {
	Put    []dedup.Record
	Delete []string // keys
	Outbox [][]byte // payloads to be forwarded
}

// maxWaiting is how many lines may wait for the writer.
const maxWaiting = 4096

// Pipeline is made by New, run by Run.
type Pipeline struct {
	Stats Stats
	opts  Options

	committing sync.Mutex // held from taking a batch to its commit; before mu
	failing    bool       // the last commit did; under committing

	mu      sync.Mutex
	room    sync.Cond // the writer took what was waiting
	set     dedup.Set
	seq     uint64
	waiting []line
	changed map[string]struct{} // keys that are new or gone since the last commit
	repeats []*dedup.Record     // records with newer counts than the store's
	outbox  [][]byte
	closed  bool

	printed uint64 // the mark; the writer's own

	wake chan struct{} // of size 1: there is something to write
}

// line is something to print: a flow, or another alert that is a line already.
type line struct {
	flow *dedup.Record
	text []byte
}

// New makes a pipeline that knows the flows of an earlier run, in the order they
// were seen. Those after the printed mark are printed first.
func New(opts Options, known []*dedup.Record, printed uint64) *Pipeline {
	p := &Pipeline{opts: opts, wake: make(chan struct{}, 1), changed: make(map[string]struct{})}
	p.room.L = &p.mu
	p.set = dedup.Set{Max: opts.Max, Forget: opts.Forget}
	p.seq, p.printed = printed, printed
	for _, r := range known {
		p.gone(p.set.Restore(r))
		p.seq = max(p.seq, r.Seq)
		if r.Seq > printed {
			copied := *r
			p.waiting = append(p.waiting, line{flow: &copied})
		}
	}
	sortBySeq(p.waiting)
	p.Stats.Owed.Store(uint64(len(p.waiting)))
	p.Stats.Known.Store(int64(p.set.Len()))
	return p
}

// errClosed is what a source gets that still reads when the program ends.
var errClosed = errors.New("xim is ending")

// see takes in one alert. The alert's memory is the caller's again when it
// returns.
func (p *Pipeline) see(kind Kind, a *alert.Alert) error {
	now := p.opts.Now()
	p.Stats.Alerts[kind].Add(1)
	p.Stats.Cut.Add(uint64(a.Cut))
	if !a.Time.IsZero() {
		p.Stats.Lag.Store(int64(now.Sub(a.Time)))
	}
	at := a.Time
	if at.IsZero() {
		at = now.UTC()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiting) >= maxWaiting && !p.closed {
		p.room.Wait()
	}
	if p.closed {
		return errClosed
	}
	if !a.XIM {
		p.Stats.Other.Add(1)
		if p.opts.All {
			p.push(line{text: p.opts.Printer.AppendAlert(nil, a)})
		}
		return nil
	}
	for i, f := range a.Flows {
		if i == 1 {
			a.HasAge = false // it is the age of the latest write, by the first writer
		}
		p.flow(a, f, at)
	}
	p.Stats.Known.Store(int64(p.set.Len()))
	return nil
}

func (p *Pipeline) flow(a *alert.Alert, f alert.Flow, at time.Time) {
	r, isNew, evicted := p.set.See(f, at)
	if !isNew {
		p.Stats.Repeats.Add(1)
		r.Unsummed++
		if p.opts.Store != nil && !r.Unsaved {
			r.Unsaved = true
			p.repeats = append(p.repeats, r)
		}
		return
	}
	p.Stats.New.Add(1)
	p.seq++
	r.Seq, r.Op, r.Rule, r.Priority, r.Age, r.HasAge = p.seq, a.Op, a.Rule, a.Priority, a.Age, a.HasAge
	p.gone(evicted)
	if p.opts.Store != nil {
		p.changed[r.Key()] = struct{}{}
	}
	if p.opts.Forward != nil {
		payload := forward.AppendPayload(nil, a, f, at)
		if p.opts.Store != nil {
			p.outbox = append(p.outbox, payload)
		} else {
			p.opts.Forward(payload)
		}
	}
	copied := *r
	p.push(line{flow: &copied})
}

func (p *Pipeline) gone(evicted []*dedup.Record) {
	for _, r := range evicted {
		p.changed[r.Key()] = struct{}{}
	}
	p.Stats.Evicted.Add(uint64(len(evicted)))
}

func (p *Pipeline) push(l line) {
	p.waiting = append(p.waiting, l)
	p.poke()
}

func (p *Pipeline) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Close lets no more alerts in. Run then writes what is waiting and returns.
func (p *Pipeline) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.room.Broadcast()
	p.poke()
}
