package main

import (
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
	p.tracker.UseCold(store)
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
