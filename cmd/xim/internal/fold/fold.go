// Package fold makes one path of many that differ only in a number or in a name
// that a program made up: /tmp/ccXyZ123.s and /tmp/ccAbC456.s, /run/user/1000
// and /run/user/1001. It guesses from the form of a name, so it is for showing
// flows, never for telling them apart.
package fold

import (
	"regexp"
	"strings"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

// rules are tried in order on one part of a path; the first that matches wins.
// A rule with random tells how many characters of its group a program chose,
// and wants them to look so: letters of both cases, or letters and digits.
var rules = []struct {
	form   *regexp.Regexp
	to     string
	random bool
}{
	{regexp.MustCompile(`^\d+$`), "*", false},                                                      // a pid, a uid
	{regexp.MustCompile(`^cc\w{6}((?:\.\w+)*)$`), "cc*$1", false},                                  // gcc
	{regexp.MustCompile(`^tmp[a-z0-9_]{8}((?:\.\w+)*)$`), "tmp*$1", false},                         // Python
	{regexp.MustCompile(`^(.*?)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(.*)$`), "$1*$2", false}, // a UUID
	{regexp.MustCompile(`^(.*?[._-]?)[0-9a-f]{12,}(.*)$`), "$1*$2", false},                         // a hash
	{regexp.MustCompile(`^(.*[._-])\d{3,}((?:\.[A-Za-z]\w*)*)$`), "$1*$2", false},                  // name.1234, name-1234.log
	{regexp.MustCompile(`^(.*[._-])([A-Za-z0-9]{6,12})$`), "$1*", true},                            // mkstemp: name.XXXXXX
	{regexp.MustCompile(`^(\D*?)(\d{4,})((?:\.[A-Za-z]\w*)*)$`), "$1*$3", false},                   // name1234.log
}

// Path folds each part of a path.
func Path(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = name(part)
	}
	return strings.Join(parts, "/")
}

func name(s string) string {
	for _, r := range rules {
		m := r.form.FindStringSubmatch(s)
		if m == nil || r.random && !looksRandom(m[2]) {
			continue
		}
		return r.form.ReplaceAllString(s, r.to)
	}
	return s
}

func looksRandom(s string) bool {
	lower := strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz")
	upper := strings.ContainsAny(s[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") // the first of a word does not count
	digit := strings.ContainsAny(s, "0123456789")
	return lower && upper || digit && (lower || upper)
}

// Flows merges flows whose folded paths are the same, in the order they came. A
// flow that nothing was merged with keeps its own path.
func Flows(flows []dedup.Record) []dedup.Record {
	place := make(map[string]int)
	var out []dedup.Record
	for _, r := range flows {
		folded := r.Flow
		folded.Path = Path(r.Path)
		key := string(folded.AppendKey(nil))
		i, ok := place[key]
		if !ok {
			place[key] = len(out)
			out = append(out, r)
			continue
		}
		have := &out[i]
		have.Path = folded.Path
		have.Count += r.Count
		if r.First.Before(have.First) {
			have.First = r.First
		}
		if r.Last.After(have.Last) {
			have.Last = r.Last
		}
	}
	return out
}
