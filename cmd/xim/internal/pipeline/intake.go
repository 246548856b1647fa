package pipeline

import (
	"errors"
	"fmt"
	"sync"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
)

// maxShown is how many bad inputs of one source are shown. The others are only
// counted: who can write a million bad lines must not fill the terminal.
const maxShown = 20

// Intake is where one source puts its alerts. It is safe for concurrent use.
type Intake struct {
	kind Kind
	pipe *Pipeline

	mu    sync.Mutex
	dec   alert.Decoder
	alert alert.Alert
	shown int
}

// Intake makes the intake of one source.
func (p *Pipeline) Intake(kind Kind) *Intake { return &Intake{kind: kind, pipe: p} }

// Take takes the alerts of a text: none, one, or several one after the other. An
// error is for Bad, unless Ended says that no more alerts are wanted. The text's
// memory is the caller's again when it returns.
func (in *Intake) Take(text []byte) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	var bad error // the first; a text may have a hundred thousand
	more := 0
	for {
		rest, err := in.dec.Decode(text, &in.alert)
		switch {
		case err != nil && bad == nil:
			bad = err
		case err != nil:
			more++
		case in.alert.Raw != nil:
			if err := in.pipe.see(in.kind, &in.alert); err != nil {
				return err
			}
		}
		if len(rest) == 0 {
			if more > 0 {
				bad = fmt.Errorf("%w; %d more in it are bad", bad, more)
			}
			return bad
		}
		text = rest
	}
}

// Put takes an alert that was made here. An error says that no more are wanted; the
// alert's memory is the caller's again when it returns.
func (in *Intake) Put(a *alert.Alert) error { return in.pipe.see(in.kind, a) }

// Ended says that Take refused because the program is ending.
func Ended(err error) bool { return errors.Is(err, errClosed) }

// Bad counts a bad input, and shows it with its place.
func (in *Intake) Bad(place string, err error) {
	in.pipe.Stats.Bad[in.kind].Add(1)
	in.mu.Lock()
	in.shown++
	n := in.shown
	in.mu.Unlock()
	if n <= maxShown {
		in.pipe.opts.Log("%s: %v", place, err)
	}
	if n == maxShown {
		in.pipe.opts.Log("%s: more that is bad from here is only counted", place)
	}
}

// Log shows a message about the source.
func (in *Intake) Log(format string, args ...any) { in.pipe.opts.Log(format, args...) }

// Lost counts a connection that was lost or refused.
func (in *Intake) Lost() { in.pipe.Stats.Reconnects.Add(1) }
