package cri

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/xim-monitor/xim/plugin/flow"
)

var (
	app     = strings.Repeat("a", 64) // a container of the pod shop
	sandbox = strings.Repeat("5", 64) // and what holds its namespaces
	plain   = strings.Repeat("d", 64) // a container outside pods

	shop = &runtime.PodSandboxMetadata{Namespace: "blue", Name: "shop", Uid: "uid-1"}
)

func named(container string) flow.Description {
	return flow.Description{
		Place:        flow.Place{Container: container[:12], PodUID: "uid-1"},
		PodNamespace: "blue", PodName: "shop",
	}
}

// A fake is a runtime that takes its time.
type fake struct {
	runtime.RuntimeServiceClient // what is not asked for

	mu         sync.Mutex
	containers []*runtime.Container
	pods       []*runtime.PodSandbox
	takes      time.Duration
	fails      error
	asked      int
}

func newFake() *fake {
	return &fake{
		containers: []*runtime.Container{{Id: app, PodSandboxId: sandbox}, {Id: strings.Repeat("b", 64), PodSandboxId: "gone"}},
		pods:       []*runtime.PodSandbox{{Id: sandbox, Metadata: shop}, {Id: strings.Repeat("6", 64), Metadata: shop}},
	}
}

func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fake) wait(ctx context.Context) error {
	f.mu.Lock()
	takes, fails := f.takes, f.fails
	f.asked++
	f.mu.Unlock()
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-time.After(takes):
		return fails
	}
}

func (f *fake) ListContainers(ctx context.Context, r *runtime.ListContainersRequest, _ ...grpc.CallOption) (*runtime.ListContainersResponse, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// Like a runtime that looks at no filter; another one does in the other call.
	return &runtime.ListContainersResponse{Containers: slices.Clone(f.containers)}, nil
}

func (f *fake) ListPodSandbox(_ context.Context, r *runtime.ListPodSandboxRequest, _ ...grpc.CallOption) (*runtime.ListPodSandboxResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pods := slices.DeleteFunc(slices.Clone(f.pods), func(p *runtime.PodSandbox) bool {
		return !strings.HasPrefix(p.Id, r.Filter.Id)
	})
	return &runtime.ListPodSandboxResponse{Items: pods}, nil
}

// start makes a Names inside a bubble of fake time, and returns what it logs.
func start(t *testing.T, f *fake) (*Names, *[]string) {
	var logged []string
	n := newNames(f, func() error { return nil }, func(format string, args ...any) { logged = append(logged, fmt.Sprintf(format, args...)) })
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n, &logged
}

// ask asks, and returns how long that took.
func ask(n *Names, container string) time.Duration {
	start := time.Now()
	n.Ask(container[:12])
	return time.Since(start)
}

// answer takes an answer that is there.
func answer(t *testing.T, n *Names, want flow.Description) {
	t.Helper()
	select {
	case got := <-n.Answers():
		if got != want {
			t.Errorf("the answer is %+v, want %+v", got, want)
		}
	default:
		t.Errorf("no answer, want %+v", want)
	}
}

func noAnswer(t *testing.T, n *Names) {
	t.Helper()
	select {
	case got := <-n.Answers():
		t.Errorf("the answer is %+v, want none", got)
	default:
	}
}

// pass lets time go by, and what is due be done.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAnswerIsThereWhenAskReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.takes = 20 * time.Millisecond
		n, logged := start(t, f)
		for _, container := range []string{app, sandbox} {
			if took := ask(n, container); took != f.takes {
				t.Errorf("Ask took %v, want %v", took, f.takes)
			}
			answer(t, n, named(container))
		}
		if got, want := n.Stats(), (Stats{Answered: 2}); got != want || len(*logged) != 0 {
			t.Errorf("counted %+v, want %+v; logged %q", got, want, *logged)
		}
	})
}

// What the runtime does not know is asked for again, and Ask does not wait for that.
func TestUnknownIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		pods := f.pods
		f.pods = nil
		n, logged := start(t, f)
		if took := ask(n, app); took != 0 {
			t.Errorf("Ask took %v", took)
		}
		noAnswer(t, n)
		f.set(func(f *fake) { f.pods = pods })
		pass(firstPause)
		answer(t, n, named(app))

		before := f.count()
		ask(n, plain)
		pass(time.Hour)
		if got := f.count() - before; got != maxUnknown {
			t.Errorf("a container outside pods was asked for %d times, want %d", got, maxUnknown)
		}
		noAnswer(t, n)
		if got, want := n.Stats(), (Stats{Answered: 1, Unknown: 1}); got != want || len(*logged) != 0 {
			t.Errorf("counted %+v, want %+v; logged %q", got, want, *logged)
		}
	})
}

// One that hangs is waited for once, and again only when it has become fast.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.takes = time.Hour
		n, logged := start(t, f)
		for _, step := range []struct {
			container string
			want      time.Duration
		}{{app, maxWait}, {sandbox, 0}, {app, 0}} {
			if took := ask(n, step.container); took != step.want {
				t.Errorf("Ask took %v, want %v", took, step.want)
			}
		}
		pass(time.Minute)
		noAnswer(t, n)
		f.set(func(f *fake) { f.takes = maxWait }) // an answer, but a slow one
		pass(time.Minute)
		for _, want := range []string{app, sandbox, app} {
			answer(t, n, named(want))
		}
		if took := ask(n, app); took != 0 {
			t.Errorf("Ask took %v after slow answers", took)
		}
		f.set(func(f *fake) { f.takes = time.Millisecond })
		pass(time.Second)
		answer(t, n, named(app))
		ask(n, app) // whose answer is fast
		pass(time.Second)
		answer(t, n, named(app))
		if took := ask(n, app); took != time.Millisecond {
			t.Errorf("Ask took %v after a fast answer, want %v", took, time.Millisecond)
		}
		if len(*logged) != 1 || !strings.Contains((*logged)[0], "DeadlineExceeded") {
			t.Errorf("logged %q, want one deadline", *logged)
		}
	})
}

// Of one that is away nothing is lost when it comes back in time; each error is told once.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.fails = status.Error(codes.Unavailable, "no such socket\n"+strings.Repeat("x", 1<<20))
		n, logged := start(t, f)
		for range 20 {
			if took := ask(n, app); took != 0 {
				t.Errorf("Ask took %v", took)
			}
		}
		pass(maxAge / 2)
		f.set(func(f *fake) { f.fails = nil })
		pass(maxPause)
		for range 20 {
			answer(t, n, named(app))
		}
		if got, want := n.Stats(), (Stats{Answered: 20}); got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
		if len(*logged) != 1 || len((*logged)[0]) > 2*maxText || strings.Contains((*logged)[0], "\n") {
			t.Errorf("logged %.1000q, want one short line", *logged)
		}

		f.set(func(f *fake) { f.fails = errors.New("another") })
		ask(n, app)
		pass(2 * maxAge)
		if got, want := n.Stats(), (Stats{Answered: 20, Failed: 1}); got != want || len(*logged) != 2 {
			t.Errorf("counted %+v, want %+v; logged %.1000q", got, want, *logged)
		}
		if got := n.waiting.Load(); got != 0 {
			t.Errorf("%d questions wait", got)
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.takes = time.Hour
		n, logged := start(t, f)
		for range maxWaiting + 5 {
			ask(n, app)
		}
		if got := n.Stats().Dropped; got != 5 {
			t.Errorf("%d questions were dropped, want 5", got)
		}
		if len(*logged) != 1 {
			t.Errorf("logged %q, want one line", *logged)
		}
	})
}

// Answers that nobody takes hold up the asking, but not who asks, and not Close.
func TestNobodyTakesAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := start(t, newFake())
		for range maxWaiting + 1 {
			ask(n, app)
		}
		if took := ask(n, app); took > maxWait {
			t.Errorf("Ask took %v", took)
		}
	})
}

// What the runtime says is not believed where it cannot be, or does not say which pod.
func TestNotBelieved(t *testing.T) {
	long := strings.Repeat("x", maxName+1)
	for _, tt := range []struct {
		what   string
		change func(*fake)
	}{
		{"long name", func(f *fake) {
			f.pods[0].Metadata = &runtime.PodSandboxMetadata{Namespace: "blue", Name: long, Uid: "uid-1"}
		}},
		{"slash", func(f *fake) {
			f.pods[0].Metadata = &runtime.PodSandboxMetadata{Namespace: "blue", Name: "a/shop", Uid: "uid-1"}
		}},
		{"no uid", func(f *fake) {
			f.pods[0].Metadata = &runtime.PodSandboxMetadata{Namespace: "blue", Name: "shop"}
		}},
		{"no metadata", func(f *fake) { f.pods[0].Metadata = nil }},
		{"no sandbox", func(f *fake) { f.containers[0].PodSandboxId = "" }},
		{"two that begin so", func(f *fake) {
			f.containers = append(f.containers, &runtime.Container{Id: app[:12] + "2", PodSandboxId: sandbox})
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				tt.change(f)
				n, logged := start(t, f)
				ask(n, app)
				ask(n, app)
				pass(time.Hour)
				noAnswer(t, n)
				if got := n.Stats().Unknown; got != 2 || len(*logged) > 1 {
					t.Errorf("%d are unknown, want 2; logged %q", got, *logged)
				}
			})
		})
	}
}
