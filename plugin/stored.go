package main

import (
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/spill"
	"github.com/xim-monitor/xim/plugin/state"
)

// openStore opens the store on disk for objects that leave memory, where one is
// wanted. Without it they are forgotten, as they are without state_dir.
func (p *instance) openStore() {
	if p.config.stateDir == "" {
		return
	}
	store, err := spill.Open(p.config.stateDir, spill.Options{
		MaxObjects: p.config.maxStored,
		Boot:       state.BootID(),
		Tag:        p.config.tag(),
	})
	if err != nil {
		p.say("state_dir is not used: %v", err)
		return
	}
	if notice := store.Notice(); notice != "" {
		p.say("%s", notice)
	}
	p.store = store
	p.useStore(p.tracker)
}

// useStore has a memory use the store, where there is one.
func (p *instance) useStore(t *flow.Tracker) {
	if p.store != nil { // a nil *Store would be no nil Cold
		t.UseCold(p.store)
	}
}

// limits are those of the configuration, and the store.
func (p *instance) limits() flow.Options {
	o := p.config.limits
	if p.store != nil {
		o.Cold = p.store
	}
	return o
}

// closeStore makes the store one that the next run can take.
func (p *instance) closeStore() {
	if p.store == nil {
		return
	}
	p.tracker.UseCold(nil)
	if err := p.store.Close(); err != nil {
		p.say("state_dir: %v", err)
	}
	p.store = nil
}

// stored gives the store's numbers, all zero where there is none.
func (p *instance) stored() spill.Stats {
	if p.store == nil {
		return spill.Stats{}
	}
	return p.store.Stats()
}
