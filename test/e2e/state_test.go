package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A second run knows what the first one saw; a state that is damaged, or of
// another reckoning, is set aside and the run starts with an empty memory.
func TestStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "xim.state")
	run := func(more string) int {
		t.Helper()
		config := fmt.Sprintf(`{"granularity":"pod","state_file":%q%s}`, file, more)
		return len(play(t, capture(t, "pods.scap"), config, "%xim.flow", "xim.new=true"))
	}
	all := run("")
	if all == 0 {
		t.Fatal("no flow in the first run")
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v, %v, want a file readable by its owner alone", info, err)
	}
	if n := run(""); n != 0 {
		t.Errorf("%d flows were new again in the second run", n)
	}
	if n := run(`,"process_identity":"pid"`); n != all {
		t.Errorf("with a state of another process_identity: %d new flows, want %d", n, all)
	}
	if n := run(`,"process_identity":"pid","max_flows":1000,"max_objects":100`); n != 0 {
		t.Errorf("with other limits %d flows were new again", n)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2]++
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := run(""); n != all {
		t.Errorf("with a damaged state: %d new flows, want %d", n, all)
	}
	if _, err := os.Stat(file + ".aside"); err != nil {
		t.Error(err)
	}
}
