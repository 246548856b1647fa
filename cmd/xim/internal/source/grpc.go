package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	falco "github.com/falcosecurity/client-go/pkg/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

const (
	// askEvery is how often Falco is asked for more: it sends what it has in
	// answer to a request, then waits for the next.
	askEvery = 200 * time.Millisecond
	// Time between attempts to connect, doubled from the one to the other.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// GRPC subscribes to the outputs service of a Falco up to 0.43.
//
// Falco has one queue for all who subscribe: two clients share its alerts. What
// it sends while no one is connected is lost once its queue is full.
type GRPC struct {
	Address       string // unix:PATH, or host:port, for which the files are needed
	Cert, Key, CA string // PEM files: the client's certificate, its key, who signed Falco's

	config falco.Config
}

// Prepare checks what can be known wrong without a connection.
func (g *GRPC) Prepare() error {
	g.config.DialOptions = []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawFrames{})),
		// A Falco that is gone without a word is noticed by requests that
		// nobody acknowledges. More pings than one in five minutes offend it.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 6 * time.Minute, Timeout: 20 * time.Second}),
	}
	path, ok, err := UnixPath(g.Address)
	if err != nil {
		return err
	}
	if ok {
		g.config.UnixSocketPath = "unix:" + path
		return nil
	}
	host, port, err := HostPort(g.Address)
	if err != nil {
		return err
	}
	if g.Cert == "" || g.Key == "" || g.CA == "" {
		return optionError("%s: Falco's gRPC over a network needs --cert, --key and --ca", g.Address)
	}
	g.config.Hostname, g.config.Port = host, port
	g.config.CertFile, g.config.KeyFile, g.config.CARootFile = g.Cert, g.Key, g.CA
	c, err := falco.NewForConfig(context.Background(), &g.config) // reads the files; connects later
	if err != nil {
		return err
	}
	return c.Close()
}

// Run subscribes, again and again, until ctx ends.
func (g *GRPC) Run(ctx context.Context, in *pipeline.Intake) error {
	wait := firstRetry
	for {
		served, err := g.subscribe(ctx, in)
		if ctx.Err() != nil || pipeline.Ended(err) {
			return nil
		}
		if served {
			wait = firstRetry
		}
		in.Lost()
		// A part of chance, so that many clients do not return at once.
		pause := wait/2 + rand.N(wait/2)
		hint := ""
		if g.config.CertFile != "" && !served {
			hint = " (does Falco trust --cert?)" // a refusal of TLS 1.3 looks like any other end
		}
		in.Log("grpc %s: %s%s; again in %v", g.Address, reason(err), hint, pause.Round(100*time.Millisecond))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		wait = min(2*wait, lastRetry)
	}
}

func reason(err error) string {
	if errors.Is(err, io.EOF) {
		return "Falco ended the connection"
	}
	if s, ok := status.FromError(err); ok {
		return s.Message()
	}
	return err.Error()
}

// subscribe takes in alerts over one connection, until it ends. Served says that
// at least one came: a connection alone may yet be refused for its certificate.
func (g *GRPC) subscribe(ctx context.Context, in *pipeline.Intake) (served bool, err error) {
	client, err := falco.NewForConfig(ctx, &g.config)
	if err != nil {
		return false, err
	}
	defer client.Close()
	service, err := client.Outputs()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := service.Sub(ctx)
	if err != nil {
		return false, err
	}
	in.Log("grpc %s: connected", g.Address)
	go ask(ctx, stream)
	var f frame
	var text []byte
	for n := 1; ; n++ {
		if err := stream.RecvMsg(&f); err != nil {
			return served, err
		}
		served = true
		var bad error
		if text, bad = alert.FromFrame(text[:0], f); bad == nil {
			bad = in.Take(text)
		}
		if pipeline.Ended(bad) {
			return served, bad
		}
		if bad != nil {
			in.Bad(fmt.Sprintf("grpc %s: frame %d", g.Address, n), bad)
		}
	}
}

// ask requests alerts until the stream ends.
func ask(ctx context.Context, stream outputs.Service_SubClient) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		if stream.Send(&outputs.Request{}) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// frame is a message as it came. Falco puts names into messages as they are,
// and a protobuf library that is strict about UTF-8 would end the stream for
// one file name.
type frame []byte

// rawFrames is a codec that leaves messages from Falco as they are. Those to it,
// requests, have no fields and so no bytes.
type rawFrames struct{}

func (rawFrames) Marshal(any) ([]byte, error) { return nil, nil }

func (rawFrames) Unmarshal(data []byte, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return fmt.Errorf("cannot read a %T", v)
	}
	*f = append((*f)[:0], data...)
	return nil
}

func (rawFrames) Name() string { return "proto" }
