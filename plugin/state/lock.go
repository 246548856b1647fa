package state

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked is what Lock gives where somebody else holds the lock.
var ErrLocked = errors.New("in use by another process or instance")

// Lock keeps a state's file for one user, until unlock is called or the process
// ends.
func Lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, fmt.Errorf("lock state: %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
