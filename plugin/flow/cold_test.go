package flow

import (
	"bytes"
	"testing"
)

// A shelf is the simplest store for what leaves memory.
type shelf map[Key][]byte

func (s shelf) Keep(k Key, record []byte) { s[k] = bytes.Clone(record) }
func (s shelf) Drop(k Key)                { delete(s, k) }

func (s shelf) Take(k Key) ([]byte, bool) {
	record, ok := s[k]
	delete(s, k)
	return record, ok
}

// What left memory is judged as if it had stayed, and what was forgotten there
// does not come back.
func TestColdObjects(t *testing.T) {
	cold := shelf{}
	play(t, Options{MaxObjects: 1, Cold: cold}, `
		A/c1/u1 writes 7 as /a/x
		B/c2/u2 writes 7 as /b/x
		C writes 8 as /c/y
		D reads 7 as /d/x => new process B,A -> D, new container c2,c1 -> host, new pod pod:u2,pod:u1 -> host
		C writes 8 as /c/y
		7 is truncated
		D reads 7 as /d/x => nothing
		D reads 8 as /d/y => new process C -> D
	`)
	if _, again := cold[InodeKey(1, 7)]; again {
		t.Error("a truncated object is still in the store")
	}
}

// An object that came back was not counted on its device again, and programs on it
// were no candidates any more.
func TestColdObjectIsExecuted(t *testing.T) {
	tr := play(t, Options{MaxObjects: 1, Cold: shelf{}}, `
		A writes 7 as /a/x
		A writes 8 as /a/y
		A reads 7 as /a/x => nothing
		A writes 8 as /a/y
		A reads 7 as /a/x => nothing
	`)
	if n := tr.devices.known[1].objects; n != 1 {
		t.Errorf("the device holds %d objects in memory, want 1", n)
	}
	tr.UseCold(nil)
	if v := tr.Exec(Program{Inode: 7, Path: "/a/x"}, tr.Subject("B", Place{}), 9); v == nil {
		t.Error("the program that A wrote and B executed is no flow")
	}
}

// A name that came without a uid was lost when the cgroup path gave one.
func TestNameBeforeUID(t *testing.T) {
	tr := newTracker(t, Options{})
	tr.Describe(Description{Place: Place{Container: "c1"}, PodNamespace: "ns", PodName: "a"})
	s := tr.Subject("A", Place{Container: "c1", PodUID: "u1"})
	if got := tr.Domain(Pod, s); got != "ns/a" {
		t.Errorf("got %s, want ns/a", got)
	}
}
