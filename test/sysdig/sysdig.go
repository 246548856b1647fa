// Package sysdig runs the real libsinsp host in tests: the sysdig that `make host`
// leaves in build/host. It only finds and starts it; what to ask is the test's own.
//
// Without a host a test is skipped, and a skipped test proves nothing: where the host
// must be there (`make test`, CI), XIM_E2E=required makes its absence a failure.
// XIM_SYSDIG names another sysdig to use instead.
package sysdig

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Path returns the host's path, and skips (or fails) the test where there is none.
func Path(t testing.TB) string {
	t.Helper()
	path := os.Getenv("XIM_SYSDIG")
	if path == "" {
		path = filepath.Join(Root(t), "build", "host", "sysdig")
	}
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return path
	case !errors.Is(err, fs.ErrNotExist) || os.Getenv("XIM_E2E") == "required":
		t.Fatalf("no libsinsp host: %v (make host provisions one)", err)
	default:
		t.Skipf("no libsinsp host: %v (make host provisions one)", err)
	}
	return ""
}

// Run starts the host with args and returns what it wrote to standard output. An exit
// status other than 0 fails the test and shows standard error.
func Run(t testing.TB, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, err := Try(t, args...)
	if err != nil {
		t.Fatalf("sysdig %q: %v\n%s", args, err, stderr)
	}
	return stdout
}

// Try is [Run] for a host that is expected to refuse: it returns both outputs and what
// exec makes of the exit status. The host is killed when the test ends.
func Try(t testing.TB, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), Path(t), args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// Root returns the root of the checkout: the nearest directory above the test's own
// that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}
