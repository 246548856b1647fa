package flow

import "testing"

// A repeated access allocates nothing, whether it crosses a border or not.
func TestRepeatedAccessAllocatesNothing(t *testing.T) {
	tr := newTracker(t, Options{})
	tr.Describe(told(Place{"c1", "u1"}, "ns", "a"))
	k, path := InodeKey(1, 7), "/var/lib/shared/state"
	named, unnamed, outside, host := tr.Subject("A", Place{"c1", "u1"}), tr.Subject("B", Place{"c2", "u2"}),
		tr.Subject("C", Place{"c3", ""}), tr.Subject("D", Place{})
	all := []Subject{named, unnamed, outside, host}
	for _, s := range all {
		tr.Write(k, s, path, 1)
	}
	for _, tt := range []struct {
		what string
		do   func()
	}{
		{"write by the latest writer", func() { tr.Write(k, host, path, 2) }},
		{"write by others in turn", func() { tr.Write(k, named, path, 2); tr.Write(k, host, path, 2) }},
		{"read of an unknown object", func() { tr.Read(InodeKey(1, 8), host, path, OpRead, 2) }},
		{"read that crosses, on the host", func() { tr.Read(k, host, path, OpRead, 2) }},
		{"read that crosses, in a named pod", func() { tr.Read(k, named, path, OpRead, 2) }},
		{"read that crosses, in an unnamed pod", func() { tr.Read(k, unnamed, path, OpRead, 2) }},
		{"read that crosses, in a container", func() { tr.Read(k, outside, path, OpRead, 2) }},
		{"execution", func() { tr.Exec(Program{Inode: 7, Path: path}, host, 2) }},
		{"news", func() { tr.Truncated(InodeKey(1, 8)); tr.Created(InodeKey(1, 8)) }},
		{"overlay", func() { tr.Overlay(5, "c1") }},
		{"path key", func() { tr.PathKey("c1", path) }},
		{"subject that is known", func() { tr.Release(tr.Subject("A", Place{"c1", "u1"})) }},
	} {
		if n := testing.AllocsPerRun(100, tt.do); n != 0 {
			t.Errorf("%s: %v allocations", tt.what, n)
		}
	}
	tr.Truncated(k)
	tr.Write(k, named, path, 3)
	if n := testing.AllocsPerRun(100, func() { tr.Read(k, named, path, OpRead, 4) }); n != 0 {
		t.Errorf("read that crosses nothing: %v allocations", n)
	}
}
