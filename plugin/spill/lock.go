package spill

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked says that another instance, of this process or another, has the store.
var ErrLocked = errors.New("the store is in use by another instance")

// A lock ends with its process, however that ends.
type lock struct{ file *os.File }

func newLock(root *os.Root) (*lock, error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return &lock{f}, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(ErrLocked, f.Close())
	default:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
}

func (l *lock) release() error { return l.file.Close() }
