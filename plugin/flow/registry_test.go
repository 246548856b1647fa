package flow

import (
	"fmt"
	"strings"
	"testing"
)

// A registry that keeps two idle things: "+a" enters a, "a" enters and holds it,
// "-a" drops it, "!a" retires it. What is left stands behind.
func TestRegistry(t *testing.T) {
	for _, tt := range []struct{ steps, left string }{
		{"+a", "a"},
		{"+a +b +c", "b c"},
		{"a b c d", "a b c d"},
		{"a b c -a -b", "a b c"},
		{"a b c -a -b -c", "b c"},
		{"a b c !a", "a b c"},
		{"a -a !a", ""},
		{"a -a !a a b c -b -c", "a b c"},
		{"a -a !a +b +c", "b c"},
		{"a -a !a -b !b c -c d -d e -e", "d e"},
	} {
		r := newRegistry[string](2)
		for _, step := range strings.Fields(tt.steps) {
			name := strings.TrimLeft(step, "+-!")
			h, ok := r.index[name]
			if !ok {
				h = r.enter(name, name)
			}
			switch step[0] {
			case '+':
			case '-':
				if r.refs[h] > 0 {
					r.drop(h)
				}
			case '!':
				r.retire(h)
			default:
				r.hold(h)
			}
		}
		var left []string
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			if h, ok := r.index[name]; ok && r.list[h] == name {
				left = append(left, name)
			}
		}
		if got := strings.Join(left, " "); got != tt.left {
			t.Errorf("%s: %s is left, want %s", tt.steps, got, tt.left)
		}
	}
}

// A thing that was held while it waited in the queue kept its old place there,
// and could go as soon as it was dropped.
func TestDroppedThingStaysForAWhile(t *testing.T) {
	r := newRegistry[string](10)
	first := r.enter("first", "first")
	r.hold(first)
	for i := range 9 {
		r.enter(fmt.Sprint("before", i), "")
	}
	r.drop(first)
	for i := range 9 {
		r.enter(fmt.Sprint("after", i), "")
		if _, ok := r.index["first"]; !ok {
			t.Fatalf("gone after %d others, of 10 that are kept", i+1)
		}
	}
	for i := range 20 {
		r.enter(fmt.Sprint("later", i), "")
	}
	if _, ok := r.index["first"]; ok {
		t.Error("kept for ever")
	}
}
