package source

import (
	"compress/gzip"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// maxConns is how many connections are served at once; more wait.
const maxConns = 256

// HTTP receives what Falco's http_output or falcosidekick's webhook sends: a
// POST, to any path, of one alert or several one after the other.
type HTTP struct {
	Address string      // host:port, or unix:PATH
	Token   string      // wanted as "Authorization: Bearer ...", if not empty
	TLS     *tls.Config // nil for plain HTTP
	Open    bool        // other than loopback is fine though anybody may send

	listener net.Listener
}

// Listen opens the address.
func (h *HTTP) Listen() error {
	if path, ok := UnixPath(h.Address); ok {
		l, err := listenUnix(path)
		h.listener = l
		return err
	}
	if err := h.allowed(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", h.Address)
	h.listener = l
	return err
}

// ErrOpen says that anybody on the network could send alerts.
var ErrOpen = errors.New("anybody on the network could send alerts there")

func (h *HTTP) allowed() error {
	addr, err := net.ResolveTCPAddr("tcp", h.Address)
	if err != nil {
		return err
	}
	if addr.IP.IsLoopback() || h.Token != "" || h.TLS != nil || h.Open {
		return nil
	}
	return fmt.Errorf("%s: %w", h.Address, ErrOpen)
}

// UnixPath returns the path of an address that names a unix socket: unix:PATH
// or unix://PATH.
func UnixPath(address string) (string, bool) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return "", false
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = rest
	}
	return path, true
}

// listenUnix listens on a path, where nobody else does. A socket that was left
// behind is replaced.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return nil, fmt.Errorf("listen on %s: another process does", path)
		}
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// URL is where alerts are to be sent.
func (h *HTTP) URL() string {
	scheme := "http"
	if h.TLS != nil {
		scheme = "https"
	}
	addr := h.listener.Addr()
	if addr.Network() == "unix" {
		return scheme + "+unix:" + addr.String()
	}
	return scheme + "://" + addr.String() + "/"
}

// Run serves until ctx ends.
func (h *HTTP) Run(ctx context.Context, in *pipeline.Intake) error {
	in.Log("receiving alerts at %s", h.URL())
	server := &http.Server{
		Handler:           h.handler(in),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		TLSConfig:         h.TLS,
		ErrorLog:          log.New(io.Discard, "", 0), // what a port scanner does is no news
	}
	stop := context.AfterFunc(ctx, func() {
		// Requests under way get their answer; the end does not wait long.
		soon, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if server.Shutdown(soon) != nil {
			server.Close()
		}
	})
	defer stop()
	l := netutil.LimitListener(h.listener, maxConns)
	var err error
	if h.TLS != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", h.Address, err)
}

func (h *HTTP) handler(in *pipeline.Intake) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+h.Token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a bearer token is wanted", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "alerts are sent with POST", http.StatusMethodNotAllowed)
			return
		}
		body, status, err := readBody(w, r)
		if err == nil {
			status, err = http.StatusBadRequest, in.Take(body)
		}
		switch {
		case pipeline.Ended(err):
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		case err != nil:
			in.Bad("body from "+peer(r), err)
			http.Error(w, err.Error(), status)
		}
	})
}

func peer(r *http.Request) string {
	if r.RemoteAddr == "" || r.RemoteAddr == "@" {
		return "the socket"
	}
	return r.RemoteAddr
}

func readBody(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, MaxAlert)
	if r.Header.Get("Content-Encoding") == "gzip" {
		zipped, err := gzip.NewReader(from)
		if err != nil {
			return nil, http.StatusBadRequest, err
		}
		from = io.LimitReader(zipped, MaxAlert+1)
	}
	body, err = io.ReadAll(from)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), len(body) > MaxAlert:
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("a body of more than %d bytes", MaxAlert)
	case err != nil:
		return nil, http.StatusBadRequest, err
	}
	return body, 0, nil
}
