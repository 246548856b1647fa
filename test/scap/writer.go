package scap

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Start is the time of the first event.
var Start = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// Writer collects a scenario and writes it as a capture. Make one with [New].
type Writer struct {
	// Step is how much time passes before each event but the first. One millisecond
	// unless set.
	Step time.Duration
	// CPU is the processor on which the next events happen.
	CPU uint16

	now    time.Time // of the next event
	events []event
	procs  []task
	fds    []listedFD
	users  []User
	vpids  map[string]int64 // the last process id given out in each container
	err    error            // the first thing that cannot be written
}

// event is an encoded event and where it goes in the file.
type event struct {
	cpu   uint16
	large bool
	bytes []byte
}

// New returns a machine on which nothing runs, at time [Start].
func New() *Writer {
	w := &Writer{Step: time.Millisecond, now: Start, vpids: make(map[string]int64)}
	w.User(User{Name: "root", Home: "/root", Shell: "/bin/sh"})
	return w
}

// Wait lets d pass before the next event, on top of Step. It may be negative: time
// across processors is not always in order.
func (w *Writer) Wait(d time.Duration) { w.now = w.now.Add(d) }

// Now is the time of the next event.
func (w *Writer) Now() time.Time { return w.now }

// Len is the number of events so far, and with that the number of the last one.
func (w *Writer) Len() int { return len(w.events) }

// WriteFile writes the capture. It fails if anything told was too long for the format,
// or if there is no event: libscap refuses such a file.
func (w *Writer) WriteFile(path string) error {
	b, err := w.Bytes()
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// Bytes returns the capture as it would be written.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	if len(w.events) == 0 {
		return nil, errors.New("write capture: no events")
	}
	return w.savefile(), nil
}

func (w *Writer) tick() time.Time {
	t := w.now
	w.now = t.Add(w.Step)
	return t
}

// fail keeps the first error for [Writer.Bytes], so that a scenario reads as one.
func (w *Writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("write capture: "+format, args...)
	}
}

func tooLong(what string, n, most int) error {
	return fmt.Errorf("%s of %d bytes, at most %d", what, n, most)
}
