// Package unixsocket listens on unix sockets that only their owner may use.
package unixsocket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

const maxPath = 107 // the kernel keeps 108, with a zero at the end

// Listen listens on a path, where nobody else does; the socket's mode is 0600. A
// socket that was left behind is replaced.
func Listen(path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("listen on %s: the path of a socket has at most %d bytes, not %d", path, maxPath, len(path))
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return nil, fmt.Errorf("listen on %s: another process does", path)
		}
		os.Remove(path)
	}
	config := net.ListenConfig{Control: ownersOnly}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil { // whatever the umask took away
		l.Close()
		return nil, err
	}
	return l, nil
}

// ownersOnly sets the mode of a socket before it has a path: Linux makes the file with
// that mode, less the umask, so that nobody else can connect before Listen has ended. A
// umask would do it too, but for files of other threads as well.
func ownersOnly(_, _ string, c syscall.RawConn) error {
	var chmod error
	err := c.Control(func(fd uintptr) { chmod = syscall.Fchmod(int(fd), 0o600) })
	return errors.Join(err, chmod)
}
