package output

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Stdout writes to a file that may be a pipe with a slow reader.
type Stdout struct{ File *os.File }

func (s Stdout) Write(p []byte) (int, error) { return s.File.Write(p) }

// Ready waits until a write would not block, or ctx ends. For a pipe that means
// 4,096 bytes go in at once; a file or a terminal is always ready.
func (s Stdout) Ready(ctx context.Context) error {
	fds := []unix.PollFd{{Fd: int32(s.File.Fd()), Events: unix.POLLOUT}}
	for {
		n, err := unix.Poll(fds, 100)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n > 0:
			return nil // ready, or broken, which the write will tell
		}
		if err := ctx.Err(); err != nil {
			return errors.New("nothing is taken from it")
		}
	}
}
