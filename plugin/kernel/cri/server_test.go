package cri

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A server answers at a socket as a fake does.
type server struct {
	runtime.UnimplementedRuntimeServiceServer
	*fake
}

func (s server) ListContainers(ctx context.Context, r *runtime.ListContainersRequest) (*runtime.ListContainersResponse, error) {
	return s.fake.ListContainers(ctx, r)
}

func (s server) ListPodSandbox(ctx context.Context, r *runtime.ListPodSandboxRequest) (*runtime.ListPodSandboxResponse, error) {
	return s.fake.ListPodSandbox(ctx, r)
}

// serve answers until stop is called.
func serve(t *testing.T, socket string) (stop func()) {
	t.Helper()
	at, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	runtime.RegisterRuntimeServiceServer(g, server{fake: newFake()})
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(at) }()
	return func() {
		g.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func dial(t *testing.T, socket string) *Names {
	t.Helper()
	n, err := Dial(socket, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func await(t *testing.T, n *Names, want flow.Description) {
	t.Helper()
	select {
	case got := <-n.Answers():
		if got != want {
			t.Errorf("the answer is %+v, want %+v", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("no answer; %+v", n.Stats())
	}
}

// The runtime starts after the sensor, and is started again.
func TestGoneAndBack(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "cri.sock")
	n := dial(t, socket)
	n.Ask(app[:12])
	stop := serve(t, socket)
	await(t, n, named(app))
	stop()
	n.Ask(sandbox[:12])
	defer serve(t, socket)()
	await(t, n, named(sandbox))
}

// Somebody listens, but says nothing.
func TestSilence(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "cri.sock")
	at, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	n := dial(t, socket)
	n.Ask(app[:12])
	n.Ask(sandbox[:12])
	if !n.slow.Load() {
		t.Error("silence is taken for fast")
	}
	// It ends, and another one takes its place.
	if err := at.Close(); err != nil {
		t.Fatal(err)
	}
	defer serve(t, socket)()
	await(t, n, named(app))
	await(t, n, named(sandbox))
}

func TestDialWantsAPath(t *testing.T) {
	for _, socket := range []string{"", "run/containerd.sock", "unix:///run/containerd.sock"} {
		if n, err := Dial(socket, nil); err == nil {
			n.Close()
			t.Errorf("Dial(%q) makes no error", socket)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	n, err := Dial("/nowhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	n.Ask(app[:12]) // returns
}

func TestSocket(t *testing.T) {
	root := t.TempDir()
	t.Setenv("HOST_ROOT", root)
	if got := Socket(); got != "" {
		t.Errorf("Socket() = %q, and there is none", got)
	}
	listen := func(path string) string {
		path = filepath.Join(root, path)
		mkdir(t, filepath.Dir(path))
		at, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { at.Close() })
		return path
	}
	mkdir(t, filepath.Join(root, "/run/crio/crio.sock")) // no socket
	for _, path := range []string{"/run/containerd/containerd.sock", "/run/cri-dockerd.sock"} {
		if want, got := listen(path), Socket(); got != want {
			t.Errorf("Socket() = %q, want %q", got, want)
		}
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}
