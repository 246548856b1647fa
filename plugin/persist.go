package main

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/state"
)

// A keeper saves an instance's memory to its state file while a capture runs.
type keeper struct {
	stop   chan struct{}
	done   sync.WaitGroup
	unlock func()

	saved    time.Time // the last good snapshot
	size     int64     // of it, in bytes
	failures uint64
}

// unix is when the last good snapshot was made, in seconds since the epoch; 0
// where none was.
func (k *keeper) unix() uint64 {
	if k.saved.IsZero() {
		return 0
	}
	return uint64(k.saved.Unix())
}

// parked is the memory of the instance that ran last in this process, for the one
// that Falco makes when its configuration changes: it destroys the plugin and
// inits it anew. Only an instance that runs may take it, so one that is made to
// try a configuration out, beside the running one, never does.
var parked struct {
	mu      sync.Mutex
	tag     string
	tracker *flow.Tracker
	posted  []*crossing // that the framework did not hand back
}

// tag tells memories apart that do not mean the same.
func (c *config) tag() string {
	tag := fmt.Sprintf("compat=%t process_identity=%s", c.compat, c.process)
	if c.sensing() { // its objects have generations besides
		tag += " sensor=kernel"
	}
	return tag
}

// captureOpened begins a capture: what an instance before this one knew is taken
// over, from this process or from the state file.
func (p *instance) captureOpened() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return nil
	}
	if err := p.openSensor(); err != nil {
		return err
	}
	p.running, p.ran = true, true
	clear(p.pseudo)
	p.openStore() // what has no room in memory goes there from the start
	old, posted := p.unpark()
	if p.config.stateFile != "" && p.lock() {
		if old == nil {
			old = p.read()
		}
		p.keeper.stop = make(chan struct{})
		p.keeper.done.Go(p.save)
	}
	if old != nil {
		p.adopt(old)
	}
	p.outbox.begin()
	for _, c := range posted {
		p.post(c, time.Now())
	}
	return p.startSensing()
}

// captureClosed ends a capture, with a last snapshot. The store is closed after it,
// so that a crash in between leaves no store, and never one that a snapshot which
// is older contradicts.
func (p *instance) captureClosed() {
	p.mu.Lock()
	running := p.running
	p.running = false
	p.mu.Unlock()
	if !running {
		return
	}
	if p.keeper.stop != nil {
		close(p.keeper.stop)
		p.keeper.done.Wait()
		if !p.snapshot() && p.store != nil {
			if aside, err := state.SetAside(p.config.stateFile); err == nil {
				p.note("the last snapshot failed, and the one before is older than what is in state_dir: set aside as %s", aside)
			}
		}
		p.keeper.stop = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keeper.unlock != nil {
		p.keeper.unlock()
		p.keeper.unlock = nil
	}
	p.closeStore()
	p.sayNotice()
}

// adopt makes old this instance's memory.
func (p *instance) adopt(old *flow.Tracker) {
	p.actors.lru.Purge() // they hold subjects of the other one
	old.Learn(p.tracker)
	old.OnChange(p.config.limits.Changed)
	old.OnEvict(p.config.limits.Evicted)
	p.useStore(old)
	p.tracker, p.verdict = old, nil
}

// park leaves the memory for the next instance in this process.
func (p *instance) park() {
	if p.tracker == nil || !p.ran {
		return
	}
	p.actors.lru.Purge()
	parked.mu.Lock()
	defer parked.mu.Unlock()
	parked.tag, parked.tracker, parked.posted = p.config.tag(), p.tracker, p.outbox.empty()
}

// unpark takes the memory that was left, if it fits this configuration, and what was
// found and not told yet.
func (p *instance) unpark() (*flow.Tracker, []*crossing) {
	parked.mu.Lock()
	defer parked.mu.Unlock()
	old, posted := parked.tracker, parked.posted
	parked.tracker, parked.posted = nil, nil
	if old == nil || parked.tag != p.config.tag() {
		return nil, nil
	}
	if old.SameLimits(p.config.limits) {
		return old, posted
	}
	var saved []byte
	save := old.Save()
	for more := true; more; {
		saved, more = save.Next(saved)
	}
	resized, err := flow.Load(p.limits(), saved, false)
	if err != nil {
		p.say("the memory of the instance before could not be taken over: %v", err)
	}
	return resized, posted
}

func (p *instance) lock() bool {
	var err error
	if p.keeper.unlock, err = state.Lock(p.config.stateFile); err != nil {
		p.keeper.failures++
		p.say("state_file is neither read nor written: %v", err)
	}
	return err == nil
}

// read loads the state file. One that cannot be used is set aside.
func (p *instance) read() *flow.Tracker {
	header, saved, err := state.Read(p.config.stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && header.Tag != p.config.tag() {
		err = fmt.Errorf("%w: it was saved with %s, this configuration has %s", state.ErrForeign, header.Tag, p.config.tag())
	}
	var old *flow.Tracker
	if err == nil {
		old, err = flow.Load(p.limits(), saved, header.Boot != state.BootID())
	}
	if err == nil {
		return old
	}
	p.keeper.failures++
	aside, asideErr := state.SetAside(p.config.stateFile)
	if asideErr != nil {
		aside = asideErr.Error()
	}
	p.say("state file %s cannot be used (%v): set aside as %s, starting with an empty memory", p.config.stateFile, err, aside)
	return nil
}

// save writes a snapshot at every interval until the capture ends.
func (p *instance) save() {
	tick := time.NewTicker(p.config.stateInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.keeper.stop:
			return
		case <-tick.C:
			p.saveOnce()
		}
	}
}

// saveOnce keeps a panic from ending Falco: here nobody else would.
func (p *instance) saveOnce() {
	defer func() {
		if r := recover(); r != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.panicked(r)
		}
	}()
	p.snapshot()
}

// snapshot writes the state file. It holds up the event thread only for a piece
// at a time.
func (p *instance) snapshot() (ok bool) {
	save := p.startSave()
	header := state.Header{Boot: state.BootID(), Tag: p.config.tag(), Saved: time.Now().UTC()}
	size, err := state.Write(p.config.stateFile, header, func(b []byte) ([]byte, bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return save.Next(b)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		if p.keeper.failures++; p.keeper.failures == 1 {
			p.note("%v; the last whole snapshot stays", err)
		}
		return false
	}
	p.keeper.saved, p.keeper.size = header.Saved, size
	return true
}

func (p *instance) startSave() *flow.Save {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tracker.Save()
}
