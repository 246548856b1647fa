package e2e

import (
	"fmt"
	"testing"
)

// With a tenth of the objects in memory, and the others on disk, no flow is missed;
// without the disk many are.
func TestObjectsOnDisk(t *testing.T) {
	run := func(more string) []string {
		t.Helper()
		return flowSet(play(t, capture(t, "host.scap"), `{"cache":false`+more+`}`, "%xim.flows", "xim.new=true"))
	}
	all := run("")
	without := run(`,"max_objects":60`)
	with := run(fmt.Sprintf(`,"max_objects":60,"state_dir":%q`, t.TempDir()))
	t.Logf("%d flows; recall with a tenth in memory: %d, and the others on disk: %d", len(all), len(without), len(with))
	if len(without) >= len(all) {
		t.Errorf("memory for 60 objects was enough for all %d flows: the test shows nothing", len(all))
	}
	equal(t, with, all)
}
