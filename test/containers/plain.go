package containers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// Container starts a container outside any pod, as a user of ctr or nerdctl does. Its
// first process is the command in args, or without one a sleep that waits for Exec.
func (rt *Runtime) Container(mounts []Mount, args ...string) *Container {
	rt.t.Helper()
	id := randomHex(64)
	cgroup := rt.cgroup + "/" + id
	run := []string{"run", "--detach", "--null-io", "--snapshotter", "native", "--cgroup", cgroup}
	for _, m := range mounts {
		access := "rw"
		if m.ReadOnly {
			access = "ro"
		}
		run = append(run, "--mount", fmt.Sprintf("type=bind,src=%s,dst=%s,options=rbind:%s", m.Source, m.Target, access))
	}
	ctx, cancel := rt.bounded()
	defer cancel()
	if err := rt.ctr(ctx, namespacePlain, nil, append(append(run, imageRef, id), args...)...); err != nil {
		rt.t.Fatal(err)
	}
	return &Container{ID: id, Cgroup: cgroup, rt: rt, engine: plainEngine{rt}}
}

// plainEngine reaches the containers outside pods through ctr.
type plainEngine struct{ rt *Runtime }

var _ engine = plainEngine{}

func (e plainEngine) exec(ctx context.Context, id string, args []string) (result, error) {
	var stdout, stderr bytes.Buffer
	cmd := e.rt.ctrCommand(ctx, namespacePlain, append([]string{
		"tasks", "exec", "--exec-id", randomHex(16), "--fifo-dir", e.rt.path("fifo"), id,
	}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	// ctr ends as the command did, or with 1 and a message of its own.
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	return result{stdout.Bytes(), stderr.Bytes(), cmd.ProcessState.ExitCode()}, err
}

func (e plainEngine) stop(ctx context.Context, id string) error {
	if err := e.rt.ctr(ctx, namespacePlain, nil, "tasks", "delete", "--force", id); err != nil {
		return err
	}
	return e.rt.ctr(ctx, namespacePlain, nil, "containers", "delete", id)
}

// ctr runs containerd's own client in one of containerd's namespaces.
func (rt *Runtime) ctr(ctx context.Context, namespace string, stdin []byte, args ...string) error {
	cmd := rt.ctrCommand(ctx, namespace, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ctr %q: %w: %s", args, err, bytes.TrimSpace(out))
	}
	return nil
}

func (rt *Runtime) ctrCommand(ctx context.Context, namespace string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, rt.commands.ctr,
		append([]string{"--address", rt.CRISocket(), "--namespace", namespace}, args...)...)
}
