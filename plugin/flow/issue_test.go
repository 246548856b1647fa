package flow

import (
	"fmt"
	"testing"
)

// Freeing a container gave back its pod to a copy of the pods, and panicked
// where the copy was shorter.
func TestRemovedContainerGivesBackItsPod(t *testing.T) {
	tr := newTracker(t, Options{})
	for i := range 2 * keepUnused {
		id := fmt.Sprint("c", i)
		tr.Describe(told(Place{id, "u" + id}, "", ""))
		tr.Remove(id)
	}
	if s := tr.Stats(); s.Containers != 0 || s.Pods > keepUnused {
		t.Errorf("%d containers and %d pods are left", s.Containers, s.Pods)
	}
}

// Each container outside any pod gave back a pod that it did not hold, until the
// entry that stands for "no pod" was used for a pod.
func TestContainersOutsidePodsGiveBackNone(t *testing.T) {
	tr := newTracker(t, Options{})
	for i := range 3 * keepUnused {
		id := fmt.Sprint("c", i)
		tr.Describe(told(Place{Container: id}, "", ""))
		tr.Remove(id)
		tr.Describe(told(Place{"d" + id, "u" + id}, "ns", id))
		tr.Remove("d" + id)
	}
	if refs := tr.places.pods.refs[noPod]; refs != 1 {
		t.Errorf("the entry for no pod has %d references, want 1", refs)
	}
	w, r := tr.Subject("A", Place{"c", ""}), tr.Subject("A", Place{"d", ""})
	tr.Write(InodeKey(1, 7), w, "/x", 1)
	got := verdictText(tr.Read(InodeKey(1, 7), r, "/x", OpRead, 2))
	if want := "new container c -> d, new pod c -> d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A claim was kept as a string of the caller's.
func TestClaimIsCopied(t *testing.T) {
	tr := newTracker(t, Options{})
	uid := []byte("u1")
	d := told(Place{"c1", unsafeString(uid)}, "ns", "a")
	d.Claimed = true
	tr.Describe(d)
	copy(uid, "##")
	w, r := tr.Subject("A", Place{"c1", "u1"}), tr.Subject("A", Place{})
	tr.Write(InodeKey(1, 7), w, "/x", 1)
	got := verdictText(tr.Read(InodeKey(1, 7), r, "/x", OpRead, 2))
	if want := "new container c1 -> host, new pod ns/a -> host"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
