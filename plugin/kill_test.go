package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/state"
)

// A plugin that is killed while it works and saves leaves its last whole snapshot:
// the next one takes it over, and never has to set it aside.
func TestKilledWhileSaving(t *testing.T) {
	capture := gunzip(t, "../test/testdata/pods.scap")
	file := filepath.Join(t.TempDir(), "state")
	config := fmt.Sprintf(`init 1 {"state_file":%q,"state_interval":1}`, file)
	drive(t, config, "open 1", "destroy 1") // builds the driver, and the first state
	known := 0
	for round := range 3 {
		cmd := exec.Command(filepath.Join(built.dir, "driver"), filepath.Join(built.dir, "libxim.so"))
		commands, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		answers, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { // until the driver is killed
			fmt.Fprintln(commands, config+"\nopen 1")
			for err := error(nil); err == nil; {
				_, err = fmt.Fprintf(commands, "replay 1 %s 0\nmetric 1 snapshot_bytes\n", capture)
			}
		}()
		killAfterSnapshot(t, cmd, answers, rand.IntN(3))

		header, saved, err := state.Read(file)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		tr, err := flow.Load(flow.Options{}, saved, header.Boot != state.BootID())
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n := tr.Stats().KnownFlows; n == 0 || n < known {
			t.Errorf("round %d: %d flows known, %d before", round, n, known)
		} else {
			known = n
		}
	}
	if _, err := os.Stat(file + ".aside"); err == nil {
		t.Error("a state was set aside")
	}
}

// killAfterSnapshot kills the driver some answers after it made a snapshot of what
// it had learned.
func killAfterSnapshot(t *testing.T, cmd *exec.Cmd, answers io.Reader, more int) {
	t.Helper()
	lines := bufio.NewScanner(answers)
	for saved := false; lines.Scan() && (!saved || more > 0); {
		if size, ok := strings.CutPrefix(lines.Text(), "metric snapshot_bytes "); ok && size != "0" {
			saved = true
		}
		if saved {
			more--
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}
