package state

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write writes a state whose contents next gives piece by piece: it appends one to
// what it is handed, and reports false where there was none left. It returns the
// size of the file in bytes.
func Write(path string, h Header, next func([]byte) ([]byte, bool)) (size int64, err error) {
	// A fixed name: what a crash leaves behind is removed the next time. Nothing that
	// somebody else put there, such as a link, is followed.
	beside := path + ".new"
	_ = os.Remove(beside)
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(beside)
		}
	}()
	if err = f.Chmod(0o600); err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	if size, err = contents(f, h, next); err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	if err = f.Sync(); err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	if err = f.Close(); err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	if err = os.Rename(beside, path); err != nil {
		return 0, fmt.Errorf("write state: %w", err)
	}
	return size, syncFolder(filepath.Dir(path))
}

func contents(f io.Writer, h Header, next func([]byte) ([]byte, bool)) (int64, error) {
	sum := sha256.New()
	buffered := bufio.NewWriterSize(f, 1<<16)
	w := &counter{w: io.MultiWriter(buffered, sum)}
	header, err := json.Marshal(h)
	if err != nil {
		return 0, err
	}
	start := binary.LittleEndian.AppendUint32([]byte(magic), version)
	start = binary.LittleEndian.AppendUint32(start, uint32(len(header)))
	if _, err := w.Write(append(start, header...)); err != nil {
		return 0, err
	}
	for b, more := next(nil); more; b, more = next(b[:0]) {
		if _, err := w.Write(b); err != nil {
			return 0, err
		}
	}
	if _, err := buffered.Write(sum.Sum(nil)); err != nil {
		return 0, err
	}
	return w.n + sha256.Size, buffered.Flush()
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// syncFolder makes a rename last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
