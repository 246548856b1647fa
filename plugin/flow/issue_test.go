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

// A file system's number is used again as soon as it is unmounted: the ninth
// container whose root had the same number was no longer heard.
func TestOverlayNumberIsUsedAgain(t *testing.T) {
	tr := newTracker(t, Options{})
	for i := range 20 {
		at := Place{Container: fmt.Sprint("c", i)}
		w, r := tr.Subject("A", at), tr.Subject("B", at)
		k := InodeKey(5, 7)
		tr.Overlay(5, at.Container)
		tr.Write(k, w, "/bin/x", 1)
		if tr.Exec(Program{Inode: 7, Overlay: true, Container: at.Container, Path: "/bin/x"}, r, 2) == nil {
			t.Errorf("the program that container %d wrote and executed is no flow", i)
		}
		tr.Created(k)
		tr.Release(w)
		tr.Release(r)
		tr.Remove(at.Container)
	}
}

// What a container saw was remembered under its handle, and held against the next
// container of that handle.
func TestSightsGoWithTheirContainer(t *testing.T) {
	tr := newTracker(t, Options{})
	gone := tr.Subject("A", Place{Container: "c1"})
	tr.Read(InodeKey(1, 9), gone, "/vol/a", OpRead, 1) // its /vol was on device 1
	tr.Release(gone)
	tr.Remove("c1")

	w, r := tr.Subject("A", Place{}), tr.Subject("B", Place{Container: "c2"})
	tr.Write(InodeKey(2, 7), w, "/host/download", 2)
	if tr.Exec(Program{Inode: 7, Container: "c2", Path: "/vol/x"}, r, 3) == nil {
		t.Error("the program is no flow")
	}
}
