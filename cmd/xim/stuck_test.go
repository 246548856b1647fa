package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Somebody holds standard output and reads nothing. A signal ends it all the
// same, and the next run prints what this one could not.
func TestStuckOutput(t *testing.T) {
	const flows = 6000
	dir := t.TempDir()
	var text strings.Builder
	for n := range flows {
		text.WriteString(podAlert(n))
	}
	alerts := filepath.Join(dir, "alerts.jsonl")
	if err := os.WriteFile(alerts, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"watch", "--state", filepath.Join(dir, "flows.db"), "--file", alerts}

	cmd := ximProcess(append(args, "--summary", "10ms")...)
	out, _ := cmd.StdoutPipe()
	messages, _ := cmd.StderrPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { cmd.Process.Kill() }).Stop()
	// So many flows are more than the pipe holds.
	lines := bufio.NewScanner(messages)
	for many := regexp.MustCompile(`^xim: [4-6]\d{3} flows`); lines.Scan() && !many.MatchString(lines.Text()); {
	}
	cmd.Process.Signal(syscall.SIGTERM)
	printed := make(map[string]int)
	count := func(s *bufio.Scanner) {
		for s.Scan() {
			printed[s.Text()]++
		}
	}
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if want := "xim: standard output takes nothing, some flows were not printed"; last != want {
		t.Errorf("it says %q, want %q", last, want)
	}
	count(bufio.NewScanner(out))
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	t.Logf("%d flows before the end", len(printed))

	again := ximProcess(args...)
	text.Reset()
	again.Stdout = &text
	if err := again.Run(); err != nil {
		t.Fatal(err)
	}
	count(bufio.NewScanner(strings.NewReader(text.String())))
	for line, n := range printed {
		if n != 1 {
			t.Errorf("printed %d times: %s", n, line)
		}
	}
	if len(printed) != flows {
		t.Errorf("%d of %d flows printed", len(printed), flows)
	}
}
