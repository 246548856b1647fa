// Package forward passes new flows on, as alerts of Falco, to falcosidekick or
// any other webhook.
//
// Each is delivered at least once: it leaves the queue after the other side said
// 2xx, so one that was under way when the process died is sent again. While the
// other side is away they wait. What is refused for good (400, 413, 415, 422) is
// dropped and counted: it would be refused again, and hold up the rest.
//
// One request at a time, in the order the flows were seen.
package forward

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Item is a payload that waits.
type Item struct {
	ID      uint64
	Payload []byte
}

// Queue is where payloads wait.
type Queue interface {
	// Next returns up to n payloads, the oldest first, and leaves them in.
	Next(n int) ([]Item, error)
	// Done takes payloads out.
	Done([]Item) error
	Waiting() int
	// Dropped is how many found no room.
	Dropped() uint64
}

// Options of a Forwarder. URL, Queue and Log are needed.
type Options struct {
	URL   *url.URL
	Token string // sent as "Authorization: Bearer ...", if not empty
	TLS   *tls.Config
	Queue Queue
	Log   func(format string, args ...any)
}

const (
	batch   = 32 // payloads taken from the queue at once
	timeout = 10 * time.Second

	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Forwarder is made by New, run by Run.
type Forwarder struct {
	Delivered, Rejected, Retries atomic.Uint64

	opts   Options
	client http.Client
	wake   chan struct{}
	empty  chan struct{} // of size 1: the queue ran empty
	failed bool          // the last attempt
}

// New makes a forwarder.
func New(opts Options) *Forwarder {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = opts.TLS
	return &Forwarder{
		opts: opts,
		client: http.Client{
			Timeout:       timeout,
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		wake:  make(chan struct{}, 1),
		empty: make(chan struct{}, 1),
	}
}

// Poke says that something was put into the queue. It does not block.
func (f *Forwarder) Poke() { poke(f.wake) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Lost is how many flows will never be delivered.
func (f *Forwarder) Lost() uint64 { return f.Rejected.Load() + f.opts.Queue.Dropped() }

// Run delivers until ctx ends.
func (f *Forwarder) Run(ctx context.Context) {
	for ctx.Err() == nil {
		items, err := f.opts.Queue.Next(batch)
		if err != nil {
			f.opts.Log("forward: read the queue: %v", err)
		}
		if len(items) == 0 {
			poke(f.empty)
			select {
			case <-ctx.Done():
			case <-f.wake:
			}
			continue
		}
		n := f.deliver(ctx, items)
		if err := f.opts.Queue.Done(items[:n]); err != nil {
			f.opts.Log("forward: delivered, and may be again, since the queue cannot be written: %v", err)
			pause(ctx, time.Second)
		}
	}
}

// Drain waits until nothing waits, or ctx ends.
func (f *Forwarder) Drain(ctx context.Context) {
	for f.opts.Queue.Waiting() > 0 {
		f.Poke()
		select {
		case <-ctx.Done():
			return
		case <-f.empty:
		}
	}
}

// deliver sends items and says how many need not be sent again. It keeps trying
// the first, and returns when it fails on a later one, so that what was
// delivered leaves the queue.
func (f *Forwarder) deliver(ctx context.Context, items []Item) (done int) {
	wait := firstRetry
	for done < len(items) {
		status, err := f.post(ctx, items[done].Payload)
		switch {
		case err == nil:
			f.Delivered.Add(1)
			if f.failed {
				f.opts.Log("forward: %s takes flows again", f.opts.URL.Redacted())
			}
			f.failed = false
			done++
			continue
		case rejected(status):
			if f.Rejected.Add(1) == 1 {
				f.opts.Log("forward: %v: this one is dropped, more are only counted", err)
			}
			done++
			continue
		case ctx.Err() != nil:
			return done
		}
		f.Retries.Add(1)
		if !f.failed {
			f.opts.Log("forward: %v; %d wait, trying again until it is taken", err, f.opts.Queue.Waiting()-done)
		}
		f.failed = true
		if done > 0 {
			return done
		}
		pause(ctx, wait/2+rand.N(wait/2))
		wait = min(2*wait, lastRetry)
	}
	return done
}

func rejected(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (f *Forwarder) post(ctx context.Context, payload []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.opts.URL.String(), bytes.NewReader(payload))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if f.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+f.opts.Token)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("%s answers %s", f.opts.URL.Redacted(), resp.Status)
	}
	return resp.StatusCode, nil
}
