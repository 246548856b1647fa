package query

import (
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"?", "", false},
		{"/srv/*", "/srv/a/b/c", true}, {"/srv/*", "/src/a", false},
		{"*/key", "/srv/b/key", true}, {"*a*b", "xaxbxab", true}, {"*a*b", "xaxbxa", false},
		{"oran/xapp-?", "oran/xapp-1", true}, {"oran/xapp-?", "oran/xapp-10", false},
		{"a**b", "ab", true}, {"[a]", "a", false},
	} {
		if got := Glob(c.pattern, c.s); got != c.want {
			t.Errorf("Glob(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"90m": "2024-01-30T10:30:00Z", "7d": "2024-01-23T12:00:00Z", "2024-01-29": "2024-01-29T00:00:00Z",
		"2024-01-29 10:00:00": "2024-01-29T10:00:00Z", "2024-01-30T01:00:00+01:00": "2024-01-30T00:00:00Z",
	} {
		if got, err := Since(s, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("Since(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"yesterday", "-1h", "-1d", "1dd", "d", "106752d"} {
		if got, err := Since(s, now); err == nil {
			t.Errorf("Since(%q) = %v", s, got)
		}
	}
}
