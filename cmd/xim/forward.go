package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

const (
	// drainWait is how long the end waits for what is not delivered yet, when
	// all sources have ended; keptWait the same where the store keeps it.
	drainWait = 10 * time.Second
	keptWait  = 2 * time.Second
	// lastTry is the same after a signal.
	lastTry = 150 * time.Millisecond
)

type forwardOptions struct {
	url   string
	token string
	ca    string
}

func (o *forwardOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.url, "forward", "", "send each new flow on to falcosidekick, or any webhook, at `URL`")
	f.StringVar(&o.token, "forward-token-file", "", "send the bearer token that is in `FILE`")
	f.StringVar(&o.ca, "forward-ca", "", "trust the authority in `FILE` (PEM) instead of the system's")
}

// forwarding is a forwarder that runs. The zero value forwards nothing.
type forwarding struct {
	*forward.Forwarder
	queue forward.Queue
	kept  bool // what is not delivered is in the store
	stop  context.CancelFunc
	done  chan struct{}
}

// start begins to forward what the pipeline with these options, or an earlier
// run, puts into the queue.
func (o *forwardOptions) start(opts *pipeline.Options, kept *state) (*forwarding, error) {
	if o.url == "" {
		if kept.store != nil && kept.store.Waiting() > 0 {
			logf("%d flows of an earlier run wait to be forwarded: --forward URL sends them", kept.store.Waiting())
		}
		return &forwarding{}, nil
	}
	u, err := url.Parse(o.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, usage("--forward %q: it takes http://host:port/ or https://host:port/", o.url)
	}
	fo := forward.Options{URL: u, Log: logf}
	if fo.Token, err = readToken(o.token); err != nil {
		return nil, cannotStart(fmt.Errorf("--forward-token-file: %w", err))
	}
	if o.ca != "" {
		pool, err := readAuthorities(o.ca)
		if err != nil {
			return nil, cannotStart(fmt.Errorf("--forward-ca: %w", err))
		}
		fo.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &forwarding{stop: stop, done: make(chan struct{})}
	if kept.store != nil {
		fo.Queue, f.kept = kept.store, true
		f.Forwarder = forward.New(fo)
		opts.Forward = func([]byte) { f.Poke() }
	} else {
		memory := &forward.Memory{}
		fo.Queue = memory
		f.Forwarder = forward.New(fo)
		opts.Forward = func(payload []byte) { memory.Add(payload); f.Poke() }
	}
	f.queue = fo.Queue
	go func() { f.Run(ctx); close(f.done) }()
	return f, nil
}

// finish waits a while for what is not delivered yet, less if ctx has ended.
func (f *forwarding) finish(ctx context.Context) error {
	if f.Forwarder == nil {
		return nil
	}
	most := drainWait
	if f.kept {
		most = keptWait
	}
	wait, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastTry, cancel) })()
	f.Drain(wait)
	f.stop()
	<-f.done
	waiting, lost := f.queue.Waiting(), f.Lost()
	if waiting > 0 && f.kept {
		logf("%d flows wait in the store to be forwarded by the next run", waiting)
	} else {
		lost += uint64(waiting)
	}
	if lost > 0 {
		return exitError{exitUndelivered, fmt.Errorf("%d flows could not be forwarded and are lost", lost)}
	}
	return nil
}
