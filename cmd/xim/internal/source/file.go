package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// lookEvery is how often a followed file is looked at for more.
const lookEvery = 200 * time.Millisecond

// File reads JSON lines from a file.
type File struct {
	Path   string
	Follow bool // go on when its end is reached, and when it is replaced or cut

	file *os.File
}

// Open opens the file. One that is to be followed may come later, and a named
// pipe is left to Run: opening it takes as long as it has no writer.
func (f *File) Open() (err error) {
	if info, err := os.Stat(f.Path); err == nil {
		switch {
		case info.Mode().Type() == fs.ModeNamedPipe:
			return nil
		case info.IsDir():
			return fmt.Errorf("%s: it is a folder, a file is wanted", f.Path)
		}
	}
	f.file, err = os.Open(f.Path)
	if f.Follow && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Run reads the file, to its end or until ctx ends.
func (f *File) Run(ctx context.Context, in *pipeline.Intake) error {
	if !f.Follow {
		if f.file == nil {
			var err error
			if f.file, err = os.Open(f.Path); err != nil {
				return err
			}
		}
		defer f.file.Close()
		return lines(f.file, f.Path, in)
	}
	if f.file == nil {
		in.Log("%s: not there yet, waiting for it", f.Path)
	}
	t := &tail{ctx: ctx, path: f.Path, file: f.file}
	defer t.close()
	return lines(t, f.Path, in)
}

// tail reads a file that grows. When it is replaced (rotated) the rest of the
// old one is read first; when it is cut short it is read from its start.
type tail struct {
	ctx  context.Context
	path string
	file *os.File
	at   int64
}

func (t *tail) Read(p []byte) (int, error) {
	for {
		if t.file != nil {
			n, err := t.file.Read(p)
			if n > 0 {
				t.at += int64(n)
				return n, nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, err
			}
		}
		if err := t.ctx.Err(); err != nil {
			return 0, err
		}
		if switched, err := t.look(); err != nil {
			return 0, err
		} else if switched {
			return 0, errSwitched
		}
		select {
		case <-t.ctx.Done():
			return 0, t.ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// look finds out whether reading goes on in another file, or from the start.
func (t *tail) look() (switched bool, err error) {
	now, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // moved away, and the new one not made yet
	}
	if err != nil {
		return false, err
	}
	if t.file != nil {
		have, err := t.file.Stat()
		if err != nil {
			return false, err
		}
		if os.SameFile(now, have) {
			if !have.Mode().IsRegular() || have.Size() >= t.at {
				return false, nil
			}
			t.at = 0
			_, err := t.file.Seek(0, io.SeekStart)
			return true, err
		}
		if have.Size() > t.at {
			return false, nil // written to since the last read
		}
	}
	next, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	first := t.file == nil
	t.close()
	t.file, t.at = next, 0
	return !first, nil
}

func (t *tail) close() {
	if t.file != nil {
		t.file.Close()
	}
}
