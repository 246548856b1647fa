package flow

import (
	"strconv"
	"testing"
)

// rounds is a million, or less where time is short.
func rounds() int {
	if testing.Short() {
		return 50_000
	}
	return 1_000_000
}

// A container comes, is described, writes and reads, and goes with its files:
// nothing of it stays, not even room for it.
func TestContainersComeAndGo(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 100})
	for i := range rounds() {
		n := strconv.Itoa(i)
		at := Place{"c" + n, "u" + n}
		tr.Overlay(uint32(i), at.Container)
		s := tr.Subject("A", at)
		tr.Describe(told(at, "ns", n))
		k := InodeKey(uint32(i), 7)
		tr.Write(k, s, "/"+n+"/x", int64(i))
		tr.Read(k, s, "/"+n+"/x", OpRead, int64(i))
		tr.Release(s)
		tr.Created(k)
		tr.Remove(at.Container)
	}
	s := tr.Stats()
	if s.Objects != 0 || s.Subjects != 0 || s.Containers != 0 || s.Pods > keepUnused || s.Devices > maxDevices {
		t.Errorf("left over: %+v", s)
	}
	roomFor(t, tr, keepUnused+2)
}

// The same where nobody says that a container is gone, and files are pushed out
// by others.
func TestContainersNeverRemoved(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 100, MaxFlows: 100})
	for i := range rounds() {
		n := strconv.Itoa(i)
		s := tr.Subject("A"+n, Place{"c" + n, "u" + n})
		tr.Write(InodeKey(uint32(i), 7), s, "/"+n+"/x", int64(i))
		tr.Read(InodeKey(uint32(i-1), 7), s, "/"+n+"/y", OpRead, int64(i))
		tr.Release(s)
	}
	s := tr.Stats()
	if s.Objects != 100 || s.Subjects != 100 || s.KnownFlows != 100 ||
		s.Containers > keepUnused+101 || s.Pods > 2*keepUnused+101 || s.Devices > maxDevices {
		t.Errorf("left over: %+v", s)
	}
	roomFor(t, tr, 2*keepUnused+102)
}

// roomFor looks at what the counts do not show: the lists behind the handles.
func roomFor(t *testing.T, tr *Tracker, places int) {
	t.Helper()
	for _, l := range []struct {
		what      string
		size, max int
	}{
		{"containers", len(tr.places.containers.list), places},
		{"pods", len(tr.places.pods.list), places},
		{"folders", len(tr.labels.dirs.list), 1000},
		{"blocks of names", len(tr.labels.names.blocks), 1},
		{"subjects", len(tr.subjects.list), 1000},
		{"others", len(tr.objects.others), 100},
	} {
		if l.size > l.max {
			t.Errorf("%s: room for %d, want at most %d", l.what, l.size, l.max)
		}
	}
}

// Many writers come and go on few objects.
func TestWritersComeAndGo(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 10, MaxWriters: 4})
	for i := range rounds() {
		s := tr.Subject("A"+strconv.Itoa(i), Place{})
		k := InodeKey(1, uint64(i%20))
		if i%7 == 0 {
			tr.Truncated(k)
		}
		tr.Write(k, s, "/x", int64(i))
		tr.Release(s)
	}
	if s := tr.Stats(); s.Subjects > 40 || s.Containers != 0 {
		t.Errorf("left over: %+v", s)
	}
	roomFor(t, tr, 2)
	for i, others := range tr.objects.others {
		if cap(others) > 8 {
			t.Errorf("object %d has room for %d other writers", i, cap(others))
		}
	}
}
