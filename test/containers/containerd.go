package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// config is containerd's, with its directory and the image filled in. oom_score_adj is
// left as it is where lowering it is not allowed, as it often is not to a root that is
// in a container itself. The directories that are named would else be the host's.
const config = `version = 2
root = "%[1]s/root"
state = "%[1]s/state"
disabled_plugins = [
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.overlayfs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "%[1]s/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "%[1]s/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%[2]s"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "%[1]s/cni/bin"
    conf_dir = "%[1]s/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`

// enter turns the namespaces that containerd is started in into its own. It and its
// shims use /run/containerd whatever the configuration says.
const enter = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
exec "$0" --config "$1"`

// startContainerd starts it; that it is ready, connect tells.
func (rt *Runtime) startContainerd() {
	rt.t.Helper()
	path := rt.path("config.toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, config, rt.dir, imageRef), 0o600); err != nil {
		rt.t.Fatal(err)
	}
	log, err := os.Create(rt.path("log"))
	if err != nil {
		rt.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(rt.commands.busybox, "sh", "-c", enter, rt.commands.containerd, path)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}

	ctx, cancel := context.WithCancelCause(rt.t.Context())
	rt.ctx = ctx
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The signal on the parent's death is one on the thread's: it has to live.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			err = cmd.Wait()
		}
		cancel(fmt.Errorf("containerd ended: %v", err))
	}()
	if err := <-started; errors.Is(err, syscall.EPERM) {
		rt.unavailable(fmt.Errorf("root may not make namespaces here: %w", err))
	} else if err != nil {
		rt.t.Fatal(err)
	}
	rt.t.Cleanup(func() {
		// The first of a PID namespace is gone only after all others in it.
		_ = cmd.Process.Kill()
		select {
		case <-ended:
		case <-time.After(patience):
			rt.t.Errorf("containerd (process %d) does not end", cmd.Process.Pid)
		}
	})
}

// connect waits until containerd answers to the CRI.
func (rt *Runtime) connect() {
	rt.t.Helper()
	conn, err := grpc.NewClient("unix://"+rt.CRISocket(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{
			BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 20 * time.Millisecond,
		}}))
	if err != nil {
		rt.t.Fatal(err)
	}
	rt.t.Cleanup(func() { conn.Close() })
	rt.pods, rt.images = cri.NewRuntimeServiceClient(conn), cri.NewImageServiceClient(conn)

	ctx, cancel := rt.bounded()
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		_, err := rt.pods.Version(ctx, &cri.VersionRequest{}, grpc.WaitForReady(true))
		// A connection from the moment when it begins to listen may break once more.
		if status.Code(err) == codes.Unavailable || ctx.Err() != nil {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		rt.t.Fatalf("containerd does not answer: %v", err)
	}
}
