// Package containers runs real containers and real Kubernetes pods in tests: an own
// containerd, with the image, the cgroups and the sockets of this one test. A pod is
// made through the CRI as a kubelet makes it, so what the kernel and the runtime tell
// of it is what they tell on a node.
//
// It needs root, containerd, runc, and a busybox that is linked statically: that one
// is all that is in the image. Without them a test is skipped, and a skipped test
// proves nothing: XIM_E2E=required makes it a failure. Nothing is fetched, no network
// is set up (pods are on the host's, plain containers have none), and no kubelet runs.
//
// containerd is the first process of a PID namespace, in a mount namespace of its own.
// So all that it started and mounted ends with it, also where the test was killed;
// only the temporary directory and empty cgroups stay behind then. What will hurt: what
// the host mounts after Start no container sees, and of its /run none sees anything; and
// the process ids that the runtime tells are not the host's, [Container.PIDs] are.
//
// Like those of package testing, the methods fail the test that [Start] was given, so
// they are for its goroutine. [Container.Exec] is for any.
package containers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// patience bounds everything that is waited for.
	patience = 30 * time.Second

	namespacePods  = "k8s.io" // containerd's, where its CRI plugin keeps pods
	namespacePlain = "xim"
)

// A Runtime is a containerd of one test.
type Runtime struct {
	t        testing.TB
	ctx      context.Context // ends with the test, or with containerd
	dir      string
	cgroup   string // the cgroup above all of its containers, like kubelet's --cgroup-root
	pods     cri.RuntimeServiceClient
	images   cri.ImageServiceClient
	commands struct{ containerd, ctr, busybox string }
}

// A Mount makes a file or a directory of the host visible in a container.
type Mount struct {
	Source   string // on the host
	Target   string // in the container
	ReadOnly bool
}

// Start starts a containerd, ready to run containers and pods. When the test ends it
// is killed with all that runs in it, and what it left is removed.
func Start(t testing.TB) *Runtime {
	t.Helper()
	rt := newRuntime(t)
	// Not t.TempDir: a socket's path has to fit in 108 bytes.
	dir, err := os.MkdirTemp("", "xim-containers-")
	if err != nil {
		t.Fatal(err)
	}
	rt.dir, rt.cgroup = dir, "/"+filepath.Base(dir)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(rt.path("log"))
			t.Logf("containerd's log:\n%s", log[max(0, len(log)-8<<10):])
		}
		// The test's own context is over.
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(removeCgroups(ctx, rt.cgroup), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})

	rt.startContainerd()
	rt.connect()
	rt.importImage()
	return rt
}

// CRISocket is the path of the socket at which containerd answers to the CRI.
func (rt *Runtime) CRISocket() string { return rt.path("containerd.sock") }

func (rt *Runtime) path(name string) string { return filepath.Join(rt.dir, name) }

// bounded returns the context of one call to the runtime.
func (rt *Runtime) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(rt.ctx, patience)
}

// poll asks until done answers true, or an error, or the time is over.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// randomHex returns n random digits.
func randomHex(n int) string {
	b := make([]byte, (n+1)/2)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)[:n]
}
