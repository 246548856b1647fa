package state

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestMain lets the test program be the one that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("XIM_STATE_WRITER"); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

// writeForEver writes states one after the other, each a number written many times
// over, and says each number that is safe.
func writeForEver(path string) {
	for n := 1; ; n++ {
		text := strings.Repeat(strconv.Itoa(n)+"\n", 1000)
		if _, err := Write(path, header, pieces(text, text, text)); err != nil {
			os.Exit(1)
		}
		if _, err := os.Stdout.WriteString(strconv.Itoa(n) + "\n"); err != nil {
			os.Exit(1)
		}
	}
}

// Killed at any moment, what is there is whole, and no older than the last that
// was said to be safe.
func TestKilledAtAnyMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for round := range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "XIM_STATE_WRITER="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		safe := 0
		lines := bufio.NewScanner(out)
		for safe <= round && lines.Scan() {
			safe, _ = strconv.Atoi(lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			safe, _ = strconv.Atoi(lines.Text())
		}
		_ = cmd.Wait()
		_, body, err := Read(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		first, _, _ := strings.Cut(string(body), "\n")
		if n, _ := strconv.Atoi(first); n < safe || string(body) != strings.Repeat(first+"\n", 3000) {
			t.Errorf("round %d: got number %s and %d bytes, want a whole state of %d or later", round, first, len(body), safe)
		}
	}
}
