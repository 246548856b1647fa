package main

import (
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// readsIn is reads in one of several instances.
func readsIn(instance int, at moment) string {
	return happensIn(instance, at, scap.EvRead, 200, scap.I64(1), []byte("x"), scap.I64(4), scap.U32(1))
}

// Falco tries a changed configuration out in a second instance, then destroys the
// first and inits it anew: what the first one knew goes to the one that is opened,
// and to no other.
func TestHotReloadKeepsTheMemory(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
init 2 rc 0
init 3 rc 0
init 4 rc 0
1 -
1 crosses [alice -> /data/x -> bob]
2 crosses [alice -> /data/x -> bob]
metric flows_process 1`,
		append(twoOnOneFile,
			"init 1 {}", "open 1", writes(1, 100, 3),
			"init 2 {}", "destroy 2", // tried out
			"destroy 1",
			"init 3 {}", "init 4 {}", // one to check rules with, one that runs
			readsIn(3, 1),
			"open 4", readsIn(4, 2), readsIn(4, 3), "metric 4 flows_process",
			"destroy 3", "destroy 4")...)
}

// What was kept does not fit an instance that names processes otherwise.
func TestHotReloadWithAnotherIdentity(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
init 2 rc 0
1 -`,
		append(twoOnOneFile,
			"init 1 {}", "open 1", writes(1, 100, 3), "destroy 1",
			`init 2 {"process_identity":"pid"}`, "open 2", readsIn(2, 1), "destroy 2")...)
}

// Other limits take over what they have room for.
func TestHotReloadWithOtherLimits(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
init 2 rc 0
1 crosses [alice -> /data/x -> bob]`,
		append(twoOnOneFile,
			"init 1 {}", "open 1", writes(1, 100, 3), "destroy 1",
			`init 2 {"max_objects":10}`, "open 2", readsIn(2, 1), "destroy 2")...)
}
