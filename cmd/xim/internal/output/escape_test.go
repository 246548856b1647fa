package output

import (
	"strings"
	"testing"

	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
)

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"/srv/b/key":            "/srv/b/key",
		"/home/é/漢":             "/home/é/漢",
		"a -> /etc/shadow -> b": `a \-> /etc/shadow \-> b`,
		`dev-by\x2duuid`:        `dev-by\\x2duuid`,
		"\x1b[2Jx\x07":          `\x1b[2Jx\x07`,
		"two\nlines\r\t":        `two\nlines\r\t`,
		"\u009b31m":             `\u009b31m`,
		"abc\u202etxt.exe":      `abc\u202etxt.exe`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"hangul\u3164filler":    `hangul\u3164filler`,
		"tag\U000e0041":         `tag\U000e0041`,
		"bad\xff\xc3":           `bad\xff\xc3`,
		"\x7f":                  `\x7f`,
		"\ufffd":                "\ufffd",
	} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whatever goes in, what comes out has a shape, and a flow's text made of three
// names still has two arrows.
func FuzzName(f *testing.F) {
	f.Add("a -> b", `\`, "\x1b\u009b\u202e\xff")
	f.Fuzz(func(t *testing.T, w, p, r string) {
		line := Name(w) + " -> " + Name(p) + " -> " + Name(r)
		for _, c := range line {
			if !jsontext.Shows(c) {
				t.Fatalf("%q holds %U", line, c)
			}
		}
		if strings.Count(line, " -> ") != 2 {
			t.Fatalf("%q has not two arrows", line)
		}
		if n := Name(w); (n == Name(p)) != (w == p) {
			t.Fatalf("%q and %q: one text, two names", w, p)
		}
	})
}
