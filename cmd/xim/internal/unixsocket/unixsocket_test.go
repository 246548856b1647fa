package unixsocket

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The socket is its owner's alone from the moment that it has a path, whatever the umask.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "s")
	config := net.ListenConfig{Control: ownersOnly}
	bound, err := config.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("before Listen has ended: %v, %v", info.Mode(), err)
	}
	bound.Close()
	for _, umask := range []int{0, 0o277} {
		syscall.Umask(umask)
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("umask %o: %v, %v", umask, info.Mode(), err)
		}
		l.Close()
	}
}
