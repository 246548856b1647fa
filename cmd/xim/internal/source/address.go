package source

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// OptionError says that what the user asked for is wrong, not the machine.
type OptionError struct{ text string }

func (e OptionError) Error() string { return e.text }

func optionError(format string, args ...any) error { return OptionError{fmt.Sprintf(format, args...)} }

// UnixPath returns the path of an address that names a unix socket: unix:PATH
// or unix://PATH.
func UnixPath(address string) (path string, ok bool, err error) {
	path, ok = strings.CutPrefix(address, "unix:")
	path = strings.TrimPrefix(path, "//")
	if ok && path == "" {
		err = optionError("%s: the path of the socket is missing: it takes unix:PATH", address)
	}
	return path, ok, err
}

// HostPort takes an address of a network apart.
func HostPort(address string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, optionError("%s: it takes HOST:PORT or unix:PATH", address)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, optionError("%s: the port is no number from 0 to 65535", address)
	}
	return host, uint16(n), nil
}
