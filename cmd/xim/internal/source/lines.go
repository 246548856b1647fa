// Package source brings alerts in: from a file or standard input, from Falco's
// http_output or falcosidekick, from Falco's gRPC service.
//
// A source never stops for what it reads: a bad line, body or frame is counted
// and shown with its place, and the next one is read. It stops for its context,
// and for what it cannot go on without. A read from standard input or a named
// pipe cannot be interrupted; who ends the program must not wait for one.
package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// MaxAlert is the longest alert that is read, in bytes.
const MaxAlert = 1 << 20

// errSwitched is what a reader returns once when what follows belongs to another
// file.
var errSwitched = errors.New("another file begins")

// lines takes in a stream of lines. A last line without an end counts.
func lines(r io.Reader, name string, in *pipeline.Intake) error {
	br := bufio.NewReaderSize(r, 1<<16)
	var long []byte // the line so far, where it is longer than the buffer
	size := 0       // of the line so far
	for n := 1; ; n++ {
		part, err := br.ReadSlice('\n')
		size += len(part)
		if errors.Is(err, bufio.ErrBufferFull) {
			if size <= MaxAlert {
				long = append(long, part...)
			}
			n--
			continue
		}
		if errors.Is(err, context.Canceled) {
			return nil // the line may not be whole
		}
		text := part
		if len(long) > 0 {
			long = append(long, part...)
			text = long
		}
		var bad error
		if size > MaxAlert {
			bad = fmt.Errorf("a line of more than %d bytes", MaxAlert)
		} else if bad = in.Take(bytes.TrimRight(text, "\r\n")); pipeline.Ended(bad) {
			return nil
		}
		if bad != nil {
			in.Bad(fmt.Sprintf("%s:%d", name, n), bad)
		}
		long, size = long[:0], 0
		if cap(long) > 1<<16 {
			long = nil
		}
		switch {
		case errors.Is(err, errSwitched):
			n = 0
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// Reader reads lines from an open stream.
type Reader struct {
	Name string // for messages
	From io.Reader
}

// Run reads to the end.
func (r *Reader) Run(in *pipeline.Intake) error { return lines(r.From, r.Name, in) }
