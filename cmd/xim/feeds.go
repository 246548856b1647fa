package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// grace is how long the end may take once a signal came.
const grace = 600 * time.Millisecond

// feed is one source, ready to run.
type feed struct {
	kind pipeline.Kind
	run  func(context.Context, *pipeline.Intake) error
}

// pump runs the feeds of an origin into the pipeline until all have ended, ctx ends,
// or the pipeline fails.
func pump(ctx context.Context, pipe *pipeline.Pipeline, from *origin, every time.Duration) error {
	sourceCtx, stopSources := context.WithCancel(ctx)
	defer stopSources()
	var sources sync.WaitGroup
	failed := make(chan error, len(from.feeds))
	for _, f := range from.feeds {
		sources.Go(func() {
			if err := f.run(sourceCtx, pipe.Intake(f.kind)); err != nil {
				logf("%v", err)
				failed <- err
			}
		})
	}
	sourcesDone := make(chan struct{})
	go func() { sources.Wait(); close(sourcesDone) }()

	written := make(chan error, 1)
	go func() { written <- pipe.Run() }()

	summary := ticker(every)
	for {
		select {
		case <-summary:
			logf("%s%s", pipe.Summary(), from.lost())
			continue
		case err := <-written: // it failed, since nobody closed it
			return exitError{exitFailed, err}
		case <-sourcesDone:
			pipe.Close()
			select {
			case err := <-written:
				return firstError(err, failed)
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		break
	}
	// A signal: sources that can be stopped get a moment to hand over what they
	// have, then whatever was taken in is written.
	deadline := time.After(grace)
	select {
	case <-sourcesDone:
	case <-time.After(grace / 4):
	}
	pipe.Close()
	select {
	case err := <-written:
		return firstError(err, failed)
	case <-deadline:
	}
	// The writer hangs, and is left behind. The next run owes what it had.
	saved := make(chan struct{})
	go func() { pipe.Save(); close(saved) }()
	select {
	case <-saved:
	case <-time.After(grace / 4):
	}
	return exitError{exitFailed, errStuck}
}

// firstError is what the exit code speaks of: the writer's error, else that of a
// source, which was shown already.
func firstError(err error, failed <-chan error) error {
	if err != nil {
		return exitError{exitFailed, err}
	}
	select {
	case <-failed:
		return exitError{exitFailed, errors.New("a source failed")}
	default:
		return nil
	}
}

func ticker(every time.Duration) <-chan time.Time {
	if every <= 0 {
		return nil
	}
	return time.NewTicker(every).C
}
