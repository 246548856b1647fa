// Package cri finds out the pods of containers by asking the container runtime, as the
// kubelet does: over its socket, in Kubernetes' Container Runtime Interface. It is the
// kernel sensor's [kernel.Names].
//
// A pod's namespace, name and uid are those of its sandbox, which the kubelet chose. The
// labels of a container are not looked at: an image may bring any.
//
// # What will hurt you
//
//   - Who may use the socket is root on this machine. Nothing but questions is sent.
//   - Containers outside pods the CRI does not know. Each is asked for eight times, in
//     13 seconds, before that is believed: another one that is not known may just be
//     about to be.
//   - Ask waits for the answer, so that the first alert has the name: 300 ms at most,
//     and not at all as long as the runtime is slow.
package cri

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

const (
	// maxWait is how long Ask waits for an answer. The first alert of a container is
	// late by as much; meanwhile the kernel's ring buffer holds what comes.
	maxWait = 300 * time.Millisecond

	// maxCall is how long the runtime may take for one question.
	maxCall = 2 * time.Second

	// maxWaiting is how many questions may be without an answer at once. A node has
	// some hundred containers.
	maxWaiting = 1024
)

// Names asks one container runtime. Its methods may be called from any goroutine.
type Names struct {
	runtime runtime.RuntimeServiceClient
	log     func(format string, args ...any)

	ctx     context.Context // until Close
	end     func() error
	ended   chan struct{}
	asked   chan *question // for the first time
	answers chan flow.Description

	waiting atomic.Int32 // questions, whether asked or to be asked again
	slow    atomic.Bool  // nobody waits for answers now
	counts  struct{ answered, unknown, failed, dropped atomic.Uint64 }

	mu   sync.Mutex
	said map[string]bool
}

var _ kernel.Names = (*Names)(nil)

// Stats counts questions. Those that are not in it are waiting for an answer.
type Stats struct {
	Answered uint64
	Unknown  uint64 // the runtime knew no such container, or named its pod as none can be
	Failed   uint64 // the runtime did not answer for ten minutes
	Dropped  uint64 // not asked, since 1,024 others were waiting
}

// Dial makes a Names that asks at a socket, which is the path of one. Nothing needs to
// listen there yet, or always: what is asked meanwhile is asked again. Log, which may be
// nil, takes what goes wrong, each thing once; it is called from any goroutine.
func Dial(socket string, log func(format string, args ...any)) (*Names, error) {
	if !filepath.IsAbs(socket) {
		return nil, fmt.Errorf("the container runtime's socket is %q: it takes an absolute path", socket)
	}
	conn, err := grpc.NewClient("unix://"+socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: 5 * time.Second,
			},
			MinConnectTimeout: 2 * maxCall,
		}))
	if err != nil {
		return nil, fmt.Errorf("the container runtime's socket %s: %w", socket, err)
	}
	return newNames(runtime.NewRuntimeServiceClient(conn), conn.Close, log), nil
}

// newNames makes a Names that calls end when it ends.
func newNames(r runtime.RuntimeServiceClient, end func() error, log func(string, ...any)) *Names {
	if log == nil {
		log = func(string, ...any) {}
	}
	n := &Names{
		runtime: r,
		log:     log,
		ended:   make(chan struct{}),
		asked:   make(chan *question, maxWaiting),
		answers: make(chan flow.Description, maxWaiting),
		said:    map[string]bool{},
	}
	var cancel context.CancelFunc
	n.ctx, cancel = context.WithCancel(context.Background())
	n.end = sync.OnceValue(func() error {
		cancel()
		<-n.ended
		return end()
	})
	go n.run()
	return n
}

// Ask asks for the pod of a container, which is named by the beginning of its id. It
// returns when the runtime was asked once, or does not answer fast.
func (n *Names) Ask(container string) {
	if container == "" {
		return // the beginning of every id
	}
	if n.waiting.Add(1) > maxWaiting {
		n.waiting.Add(-1)
		n.counts.dropped.Add(1)
		n.once("dropped", "%d containers wait for the container runtime to name their pods: more are not asked for", maxWaiting)
		return
	}
	q := &question{container: container, at: time.Now(), tried: make(chan struct{})}
	n.asked <- q // there is room for all that wait
	if n.slow.Load() {
		return
	}
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case <-q.tried:
	case <-n.ctx.Done():
	case <-late.C:
		n.slow.Store(true)
	}
}

// Answers is where answers come. It is never closed.
func (n *Names) Answers() <-chan flow.Description { return n.answers }

// Stats gives the counters as they are now.
func (n *Names) Stats() Stats {
	return Stats{
		Answered: n.counts.answered.Load(),
		Unknown:  n.counts.unknown.Load(),
		Failed:   n.counts.failed.Load(),
		Dropped:  n.counts.dropped.Load(),
	}
}

// Close ends it. Questions that wait get no answer.
func (n *Names) Close() error { return n.end() }

// once logs a message unless there was one of this kind before. There are few kinds.
func (n *Names) once(kind, format string, args ...any) {
	n.mu.Lock()
	said := n.said[kind]
	n.said[kind] = true
	n.mu.Unlock()
	if !said {
		n.log(format, args...)
	}
}
