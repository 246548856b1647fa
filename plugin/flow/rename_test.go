package flow

import (
	"strconv"
	"strings"
	"testing"
)

// A file that is renamed between writes leaves none of its old names behind.
func TestNamesComeAndGo(t *testing.T) {
	tr := newTracker(t, Options{MaxObjects: 10})
	s := tr.Subject("A", Place{})
	grown := heapOf(func() any {
		for i := range 100_000 {
			tr.Write(InodeKey(1, 7), s, "/d/"+strconv.Itoa(i)+strings.Repeat("x", 200), int64(i))
		}
		return tr
	})
	if grown > 4<<20 {
		t.Errorf("%.0f bytes more than before", grown)
	}
}
