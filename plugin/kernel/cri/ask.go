package cri

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/status"
)

// A question is for the pod of one container.
type question struct {
	container string
	at        time.Time     // when it was asked
	due       time.Time     // when it is to be asked again
	tries     int           // how often the runtime was asked
	unknown   int           // how often it answered that it knows no such container
	tried     chan struct{} // closed after the first time
}

// How often and for how long it is asked again: in 50, 100, 200 ms and so on.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 10 * time.Second
	maxUnknown = 8
	maxAge     = 10 * time.Minute
)

// maxText is how much of an error of the runtime's is shown, in bytes.
const maxText = 300

// run asks one question after the other, until Close.
func (n *Names) run() {
	defer close(n.ended)
	var again []*question // what is due first comes first
	for {
		q := n.next(&again)
		if q == nil {
			return
		}
		if n.try(q) {
			n.waiting.Add(-1)
		} else {
			q.due = time.Now().Add(min(maxPause, firstPause<<min(q.tries-1, 16)))
			at, _ := slices.BinarySearchFunc(again, q.due, func(w *question, due time.Time) int {
				return w.due.Compare(due)
			})
			again = slices.Insert(again, at, q)
		}
		if q.tries == 1 {
			close(q.tried)
		}
	}
}

// next waits for a question; nil means the end. Somebody may be waiting for a first
// answer: those go before.
func (n *Names) next(again *[]*question) *question {
	for {
		select {
		case <-n.ctx.Done():
			return nil
		case q := <-n.asked:
			return q
		default:
		}
		var due <-chan time.Time
		if len(*again) > 0 {
			q := (*again)[0]
			left := time.Until(q.due)
			if left <= 0 {
				*again = slices.Delete(*again, 0, 1)
				return q
			}
			due = time.After(left)
		}
		select {
		case <-n.ctx.Done():
			return nil
		case q := <-n.asked:
			return q
		case <-due:
		}
	}
}

// try asks the runtime, and tells whether that was the last time.
func (n *Names) try(q *question) (last bool) {
	ctx, cancel := context.WithTimeout(n.ctx, maxCall)
	defer cancel()
	start := time.Now()
	answer, err := n.find(ctx, q.container)
	q.tries++
	n.timed(time.Since(start), err)
	switch {
	case err == nil:
		select {
		case n.answers <- answer:
		case <-n.ctx.Done():
			return true
		}
		n.counts.answered.Add(1)
		return true
	case n.ctx.Err() != nil:
		return true
	case errors.Is(err, errUnknown):
		q.unknown++
		last = q.unknown == maxUnknown
	case errors.Is(err, errNoName):
		n.once("no name", "%v", err)
		last = true
	default:
		n.once(status.Code(err).String(), "the container runtime does not tell of pods, it is asked again: %.*q", maxText, err)
		if last = time.Since(q.at) > maxAge; last {
			n.counts.failed.Add(1)
		}
		return last
	}
	if last {
		n.counts.unknown.Add(1)
	}
	return last
}

// timed learns from how long an answer took. After a slow one nobody waits any more,
// until there is a fast one and no other before the next.
func (n *Names) timed(took time.Duration, err error) {
	switch {
	case took >= maxWait:
		n.slow.Store(true)
	case (err == nil || errors.Is(err, errUnknown)) && len(n.asked) == 0:
		n.slow.Store(false)
	}
}
