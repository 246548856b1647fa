// Package control lets "xim flows" ask the "xim watch" that has the store open:
// over a unix socket beside the store (FILE.sock, mode 0600), with net/rpc, whose
// encoding keeps names that are not UTF-8 as they are.
package control

import (
	"errors"
	"net"
	"net/rpc"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/query"
	"github.com/xim-monitor/xim/cmd/xim/internal/unixsocket"
)

// Flows is who knows flows.
type Flows interface {
	Flows(match func(*dedup.Record) bool) []dedup.Record
	Forget(match func(*dedup.Record) bool) int
}

func socket(store string) string { return store + ".sock" }

// service has the methods that are called from afar.
type service struct{ flows Flows }

func (s service) List(f query.Filter, out *[]dedup.Record) error {
	*out = s.flows.Flows(f.Match)
	return nil
}

func (s service) Forget(f query.Filter, out *int) error {
	*out = s.flows.Forget(f.Match)
	return nil
}

// Serve answers for a store until the listener is closed. The caller has the
// store open, so a socket that is there was left behind.
func Serve(store string, flows Flows) (net.Listener, error) {
	l, err := unixsocket.Listen(socket(store))
	if err != nil {
		return nil, err
	}
	server := rpc.NewServer()
	if err := server.RegisterName("Flows", service{flows}); err != nil {
		l.Close()
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go server.ServeConn(conn)
		}
	}()
	return l, nil
}

// ErrNobody says that no one serves this store.
var ErrNobody = errors.New("nobody serves this store")

// Client asks who has a store open.
type Client struct{ rpc *rpc.Client }

// Dial connects to who has a store open.
func Dial(store string) (*Client, error) {
	conn, err := net.Dial("unix", socket(store))
	if err != nil {
		return nil, ErrNobody
	}
	return &Client{rpc.NewClient(conn)}, nil
}

// List returns the flows that match, that seen last first.
func (c *Client) List(f query.Filter) (flows []dedup.Record, err error) {
	err = c.rpc.Call("Flows.List", f, &flows)
	return flows, err
}

// Forget makes the flows that match new again and says how many there were.
func (c *Client) Forget(f query.Filter) (n int, err error) {
	err = c.rpc.Call("Flows.Forget", f, &n)
	return n, err
}

// Close ends the connection.
func (c *Client) Close() error { return c.rpc.Close() }
