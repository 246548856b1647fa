package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Stdout writes to a file that may be a pipe with a slow reader.
type Stdout struct{ File *os.File }

func (s Stdout) Write(p []byte) (int, error) { return s.File.Write(p) }

// Ready waits until a write would not block. For a pipe that means 4,096 bytes
// go in at once; a file or a terminal is always ready.
func (s Stdout) Ready() error {
	fds := []unix.PollFd{{Fd: int32(s.File.Fd()), Events: unix.POLLOUT}}
	for {
		// Ready, or broken, which the write will tell.
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
