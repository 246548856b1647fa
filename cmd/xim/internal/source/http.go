package source

import (
	"compress/gzip"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/cmd/xim/internal/unixsocket"
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
	path, ok, err := UnixPath(h.Address)
	if err != nil {
		return err
	}
	if ok {
		h.listener, err = unixsocket.Listen(path)
		return err
	}
	if err := h.allowed(); err != nil {
		return err
	}
	h.listener, err = net.Listen("tcp", h.Address)
	return err
}

func (h *HTTP) allowed() error {
	if _, _, err := HostPort(h.Address); err != nil {
		return err
	}
	addr, err := net.ResolveTCPAddr("tcp", h.Address)
	if err != nil {
		return err
	}
	if addr.IP.IsLoopback() || h.Token != "" || h.TLS != nil || h.Open {
		return nil
	}
	return optionError("%s: anybody on the network could send alerts there: "+
		"add --listen-token-file or --listen-cert, or --listen-insecure if that is meant", h.Address)
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
			in.Bad("request from "+peer(r), errNoToken)
			http.Error(w, errNoToken.Error(), http.StatusUnauthorized)
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

var errNoToken = errors.New("the bearer token is missing or wrong")

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
