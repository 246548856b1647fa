package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

// plugin is the built plugin.
func plugin(t testing.TB) string {
	t.Helper()
	path := filepath.Join(sysdig.Root(t), "build", "libxim.so")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && os.Getenv("XIM_E2E") != "required" {
		t.Skipf("no plugin: %v (make build builds it)", err)
	} else if err != nil {
		t.Fatalf("no plugin: %v (make build builds it)", err)
	}
	return path
}

func capture(t testing.TB, name string) string {
	return filepath.Join(sysdig.Root(t), "test", "testdata", name)
}

// play runs a capture through the plugin and returns the host's lines, one for
// each event that passes the filter; a field that has no value reads <NA>.
func play(t testing.TB, file, config, format, filter string) []string {
	t.Helper()
	args := []string{"-r", file, "-H", plugin(t) + ":" + config, "-p", "*" + format}
	if filter != "" {
		args = append(args, filter)
	}
	out := strings.TrimRight(sysdig.Run(t, args...), "\n")
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// tell writes a made-up capture to a file.
func tell(t testing.TB, story func(w *scap.Writer)) string {
	t.Helper()
	w := scap.New()
	story(w)
	file := filepath.Join(t.TempDir(), "story.scap")
	if err := w.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// items takes the items of a list field, which reads (a,b).
func items(field string) []string {
	return strings.Split(strings.Trim(field, "()"), ",")
}

// flowSet collects the items of lines of %xim...flows.
func flowSet(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, items(line)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func lines(t testing.TB, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

func equal(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
