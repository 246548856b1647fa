package containers

import (
	"bytes"
	"context"
	"fmt"
)

// A Container is one that runs, or ran: plain, or in a pod.
type Container struct {
	ID     string // 64 hexadecimal digits
	Cgroup string // its path in each hierarchy that the runtime uses

	rt     *Runtime
	engine engine
}

// An engine is the way to a container: it is not the same for plain ones and in pods.
type engine interface {
	exec(ctx context.Context, id string, args []string) (result, error)
	stop(ctx context.Context, id string) error
}

// A result is what a command in a container left.
type result struct {
	stdout, stderr []byte
	exit           int
}

// Exec runs a command in the container, waits for it, and returns its standard output.
// An exit status other than 0 is an error, which holds standard error too.
func (c *Container) Exec(args ...string) (stdout string, err error) {
	ctx, cancel := c.rt.bounded()
	defer cancel()
	r, err := c.engine.exec(ctx, c.ID, args)
	if err == nil && r.exit != 0 {
		err = fmt.Errorf("exit status %d: %s", r.exit, bytes.TrimSpace(r.stderr))
	}
	if err != nil {
		err = fmt.Errorf("%q in container %.12s: %w", args, c.ID, err)
	}
	return string(r.stdout), err
}

// Wait waits until no process is left in the container.
func (c *Container) Wait() {
	c.rt.t.Helper()
	ctx, cancel := c.rt.bounded()
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		pids, err := processes(c.Cgroup)
		return len(pids) == 0, err
	})
	if err != nil {
		c.rt.t.Fatalf("container %.12s does not end: %v", c.ID, err)
	}
}

// Stop kills what runs in the container, and removes it.
func (c *Container) Stop() {
	c.rt.t.Helper()
	ctx, cancel := c.rt.bounded()
	defer cancel()
	if err := c.engine.stop(ctx, c.ID); err != nil {
		c.rt.t.Fatalf("stop container %.12s: %v", c.ID, err)
	}
}

// PIDs are the processes in the container, by their ids on the host. There are none
// when it has ended.
func (c *Container) PIDs() []int {
	c.rt.t.Helper()
	pids, err := processes(c.Cgroup)
	if err != nil {
		c.rt.t.Fatal(err)
	}
	return pids
}
