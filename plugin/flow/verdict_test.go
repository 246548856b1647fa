package flow

import (
	"fmt"
	"strings"
	"testing"
)

func TestVerdictTellsBothSides(t *testing.T) {
	tr := newTracker(t, Options{})
	tr.Describe(told(Place{"c1", "u1"}, "ns", "a"))
	w, r := tr.Subject("A", Place{"c1", "u1"}), tr.Subject("B", Place{"c2", ""})
	tr.Write(InodeKey(1, 7), w, "/mnt/a, b", 1000)
	v := tr.Read(InodeKey(1, 7), r, "/data/a -> (b)", OpPread, 1500)

	c := v.Crossing(Pod)
	from := &c.Writers[0]
	for _, tt := range []struct{ what, got, want string }{
		{"op", v.Op.String(), "pread"},
		{"path", v.Path, "/data/a -> (b)"},
		{"writer's path", from.Path(), "/mnt/a, b"},
		{"writer's process", from.Process, "A"},
		{"writer's container", from.Container, "c1"},
		{"writer's pod", from.Pod, "ns/a"},
		{"reader", v.ReaderDomain(Process) + " " + v.ReaderDomain(Container) + " " + v.ReaderDomain(Pod), "B c2 c2"},
		{"flow", v.Flow(Pod, from), `ns/a -> /data/a \-> (b) -> c2`},
		{"item", v.FlowItem(Pod, from), `ns/a -> /data/a \-> \(b\) -> c2`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	if age := v.Age(from); age != 500 {
		t.Errorf("age is %d, want 500", age)
	}
}

// Two processors may disagree about the time.
func TestAgeIsNeverNegative(t *testing.T) {
	tr := newTracker(t, Options{})
	tr.Write(InodeKey(1, 7), tr.Subject("A", Place{}), "/x", 1000)
	v := tr.Read(InodeKey(1, 7), tr.Subject("B", Place{}), "/x", OpRead, 900)
	if age := v.Age(&v.Crossing(Process).Writers[0]); age != 0 {
		t.Errorf("age is %d, want 0", age)
	}
}

func TestAgeIsThatOfTheLatestWriteAndPath(t *testing.T) {
	tr := newTracker(t, Options{})
	a, b := tr.Subject("A", Place{}), tr.Subject("B", Place{})
	k := InodeKey(1, 7)
	tr.Write(k, a, "/first", 100)
	tr.Write(k, b, "/b", 200)
	tr.Write(k, a, "/second", 300)
	v := tr.Read(k, tr.Subject("R", Place{}), "/x", OpRead, 400)
	w := v.Crossing(Process).Writers
	if v.Age(&w[0]) != 100 || w[0].Path() != "/second" || v.Age(&w[1]) != 200 || w[1].Path() != "/b" {
		t.Errorf("ages %d, %d, paths %s, %s", v.Age(&w[0]), v.Age(&w[1]), w[0].Path(), w[1].Path())
	}
}

// A sendfile reads one object and then writes another, before anybody asks for
// the verdict: the write may push out all that the verdict speaks of.
func TestVerdictSurvivesLaterWrite(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 1})
	w := tr.Subject("writer", Place{"c1", "u1"})
	tr.Write(InodeKey(1, 7), w, "/dir/in", 1)
	tr.Release(w)
	r := tr.Subject("reader", Place{"c2", "u2"})
	v := tr.Read(InodeKey(1, 7), r, "/in", OpSendfile, 2)
	tr.Write(InodeKey(1, 8), r, "/else/out", 2)
	tr.Remove("c1")
	if s := tr.Stats(); s.Objects != 1 || s.Containers != 1 {
		t.Fatalf("the write pushed nothing out: %+v", s)
	}
	from := &v.Crossing(Pod).Writers[0]
	got := verdictText(v) + " " + v.Path + " " + from.Path() + " " + from.Process + " " + from.Container + " " + from.Pod
	want := "new process writer -> reader, new container c1 -> c2, new pod pod:u1 -> pod:u2 /in /dir/in writer c1 pod:u1"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The caller's strings may live in memory that is used again.
func TestNothingOfTheCallersIsKept(t *testing.T) {
	tr := newTracker(t, Options{})
	read := func(path []byte) *Verdict {
		r := tr.Subject("B", Place{})
		defer tr.Release(r)
		return tr.Read(InodeKey(1, 7), r, unsafeString(path), OpRead, 2)
	}
	text := []byte("A.c1.u1./d/x.nn.aa")
	s := tr.Subject(unsafeString(text[:1]), Place{unsafeString(text[2:4]), unsafeString(text[5:7])})
	tr.Write(InodeKey(1, 7), s, unsafeString(text[8:12]), 1)
	tr.Describe(told(Place{unsafeString(text[2:4]), unsafeString(text[5:7])}, unsafeString(text[13:15]), unsafeString(text[16:18])))
	path := []byte("/path")
	whole := func(v *Verdict) string {
		from := &v.Crossing(Pod).Writers[0]
		return v.Path + " " + from.Path() + " " + from.Process + " " + from.Container + " " + from.Pod
	}
	v := read(path)
	for _, used := range [][]byte{text, path} {
		for i := range used {
			used[i] = '#'
		}
	}
	if got := whole(v); got != "/path /d/x A c1 nn/aa" {
		t.Errorf("got %s", got)
	}
	v = read([]byte("/path"))
	if got := whole(v); got != "/path /d/x A c1 nn/aa" || v.Crossing(Pod).New {
		t.Errorf("later got %s, new %v", got, v.Crossing(Pod).New)
	}
}

// A copy says the same, whatever is read, written and forgotten after it.
func TestVerdictClone(t *testing.T) {
	tr := newTracker(t, Options{})
	a, b, r := tr.Subject("A", Place{"c1", "u1"}), tr.Subject("B", Place{"c2", ""}), tr.Subject("R", Place{})
	k := InodeKey(1, 7)
	tr.Write(k, a, "/mnt/a", 100)
	tr.Write(k, b, "/mnt/b", 200)
	tell := func(v *Verdict) (text string) {
		for _, g := range Granularities {
			for _, w := range v.Crossing(g).Writers {
				text += fmt.Sprintln(v.Op, v.Flow(g, &w), w.Path(), w.Process, v.Age(&w), v.Crossing(g).New)
			}
		}
		return text
	}
	v := tr.Read(k, r, "/data", OpPread, 500)
	before, kept := tell(v), v.Clone()
	tr.Write(InodeKey(1, 8), r, "/other/name", 600)
	tr.Read(InodeKey(1, 8), b, "/another", OpMmap, 700)
	tr.Truncated(k)
	if got := tell(kept); got != before || strings.Count(got, "\n") != 6 {
		t.Errorf("got\n%swant\n%s", got, before)
	}
}
