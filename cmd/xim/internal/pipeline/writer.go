package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

const (
	// chunk is PIPE_BUF: a write up to it goes into a pipe whole or not at all.
	chunk = 4096
	// maxUnstored is how many payloads are kept while the store takes nothing.
	maxUnstored = 10_000
	// saveEvery is how often counts are stored.
	saveEvery = time.Second
	// saveAtOnce is how many counts are stored in one commit.
	saveAtOnce = 500
)

// Run writes until Close, then what is left. It returns early, and lets no more
// alerts in, if standard output fails; it does not return while that takes
// nothing. What it could not print is stored for the next run.
func (p *Pipeline) Run() error {
	defer p.Save()
	defer p.Close()
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		p.mu.Lock()
		closed := p.closed
		p.mu.Unlock()
		if err := p.write(); err != nil {
			return err
		}
		if closed {
			return nil
		}
		select {
		case <-p.wake:
		case <-tick.C:
			p.Save()
		}
	}
}

// Unstored is how many changes the store did not take.
func (p *Pipeline) Unstored() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.changed) + len(p.outbox)
}

// write commits and prints what is waiting.
func (p *Pipeline) write() error {
	p.committing.Lock()
	p.mu.Lock()
	lines, b := p.waiting, p.batch()
	p.waiting = nil
	p.mu.Unlock()
	p.room.Broadcast()
	p.commit(b)
	p.committing.Unlock()
	return p.print(lines)
}

// Save commits what the store does not have, the counts of repeats too. Lines
// that wait are printed later, or by the next run: they are after the mark.
func (p *Pipeline) Save() {
	p.committing.Lock()
	defer p.committing.Unlock()
	p.mu.Lock()
	b := p.batch()
	repeats := p.repeats
	p.repeats = nil
	// In the order of their keys and some at a time: a commit copies every page
	// it touches, in memory and in the file.
	slices.SortFunc(repeats, func(a, b *dedup.Record) int { return strings.Compare(a.Key(), b.Key()) })
	p.mu.Unlock()
	p.commit(b)
	for some := range slices.Chunk(repeats, saveAtOnce) {
		b = Batch{}
		p.mu.Lock()
		for _, r := range some {
			r.Unsaved = false
			if p.set.Get(r.Key()) == r {
				b.Put = append(b.Put, *r)
			}
		}
		p.mu.Unlock()
		p.commit(b)
	}
}

// batch collects what is new or gone. It goes by what the set holds now, so it
// does not matter in which order things happened.
func (p *Pipeline) batch() (b Batch) {
	if p.opts.Store != nil {
		for key := range p.changed {
			if r := p.set.Get(key); r != nil {
				b.Put = append(b.Put, *r)
			} else {
				b.Delete = append(b.Delete, key)
			}
		}
		slices.SortFunc(b.Put, func(a, b dedup.Record) int { return strings.Compare(a.Key(), b.Key()) })
	}
	clear(p.changed)
	b.Outbox, p.outbox = p.outbox, nil
	return b
}

// commit writes a batch to the store. If that fails the flows are printed all
// the same, and stored with the next batch that can be.
func (p *Pipeline) commit(b Batch) {
	if len(b.Put)+len(b.Delete)+len(b.Outbox) == 0 {
		return
	}
	if err := p.opts.Store.Commit(b); err != nil {
		p.Stats.StoreErrors.Add(1)
		if !p.failing {
			p.failing = true
			p.opts.Log("the store cannot be written, flows are printed all the same and may be printed again by the next run: %v", err)
		}
		p.mu.Lock()
		for _, r := range b.Put {
			p.changed[r.Key()] = struct{}{}
		}
		for _, key := range b.Delete {
			p.changed[key] = struct{}{}
		}
		if len(p.outbox)+len(b.Outbox) <= maxUnstored {
			p.outbox = append(b.Outbox, p.outbox...)
		} else {
			p.Stats.Unforwarded.Add(uint64(len(b.Outbox)))
		}
		p.mu.Unlock()
		return
	}
	if p.failing {
		p.failing = false
		p.opts.Log("the store is written again")
	}
	if len(b.Outbox) > 0 {
		p.opts.Forward(nil)
	}
}

// print writes lines in chunks, each marked before it is written.
func (p *Pipeline) print(lines []line) error {
	var buf, one []byte
	last := p.printed
	flush := func() error {
		if len(buf) == 0 {
			return nil
		}
		if p.opts.Store != nil {
			if err := p.opts.Out.Ready(); err != nil {
				return fmt.Errorf("standard output: %w", err)
			}
			p.opts.Store.Mark(last)
		}
		n, err := p.opts.Out.Write(buf)
		buf = buf[:0]
		if err == nil {
			p.printed = last
			return nil
		}
		if p.opts.Store != nil && n == 0 {
			p.opts.Store.Mark(p.printed) // the next run owes them
		}
		return fmt.Errorf("standard output: %w", err)
	}
	for _, l := range lines {
		one = append(one[:0], l.text...)
		if l.flow != nil {
			one = p.opts.Printer.AppendFlow(one, l.flow)
		}
		if len(buf)+len(one) > chunk {
			if err := flush(); err != nil {
				return err
			}
		}
		buf = append(buf, one...)
		if l.flow != nil {
			last = l.flow.Seq
		}
	}
	return flush()
}
