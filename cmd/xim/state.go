package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/control"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/cmd/xim/internal/store"
)

// state is the store of a run, and who answers for it. The zero value is a run
// without one.
type state struct {
	path   string
	store  *store.Store
	listen net.Listener
}

func openState(path string) (*state, error) {
	if path == "" {
		return &state{}, nil
	}
	st, aside, err := store.Open(path, time.Now())
	if aside != "" {
		logf("%s", aside)
	}
	if errors.Is(err, store.ErrInUse) {
		err = fmt.Errorf("%w: is another \"xim watch\" or \"xim run\" running with it?", err)
	}
	if err != nil {
		return nil, cannotStart(err)
	}
	return &state{path: path, store: st}, nil
}

// pipeline makes the pipeline that goes on from what the store knows.
func (s *state) pipeline(opts pipeline.Options) *pipeline.Pipeline {
	if s.store == nil {
		return pipeline.New(opts, nil, 0)
	}
	opts.Store = s.store
	pipe := pipeline.New(opts, s.store.Flows, s.store.Printed)
	s.store.Flows = nil
	var err error
	if s.listen, err = control.Serve(s.path, pipe); err != nil {
		logf("\"xim flows\" cannot ask while this runs: %v", err)
	}
	return pipe
}

func (s *state) close() {
	if s.listen != nil {
		s.listen.Close()
	}
	if s.store == nil {
		return
	}
	if err := s.store.Close(); err != nil {
		logf("close the store: %v", err)
	}
}
