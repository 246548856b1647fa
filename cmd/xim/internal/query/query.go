// Package query picks flows by what they are.
package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

// Filter matches a flow if all of it does. What is empty matches anything.
type Filter struct {
	Since       time.Time // seen then or later
	Granularity string
	// Globs: * stands for any characters, / included, ? for one byte.
	Host, Writer, Path, Reader string
}

// Match says whether a flow matches.
func (f Filter) Match(r *dedup.Record) bool {
	return !r.Last.Before(f.Since) && (f.Granularity == "" || f.Granularity == r.Granularity) &&
		f.glob(f.Host, r.Host) && f.glob(f.Writer, r.Writer) && f.glob(f.Path, r.Path) && f.glob(f.Reader, r.Reader)
}

func (Filter) glob(pattern, s string) bool { return pattern == "" || Glob(pattern, s) }

// Glob reports whether a pattern matches the whole of s.
func Glob(pattern, s string) bool {
	p, at := 0, 0
	star, from := -1, 0 // the last * and how much of s it has taken
	for at < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, at
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[at]):
			p++
			at++
		case star >= 0:
			from++
			p, at = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

const day = 24 * time.Hour

// Duration reads a length of time: 90s, 10m, 24h, 7d.
func Duration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 63); err == nil && n <= uint64(math.MaxInt64/day) {
			return time.Duration(n) * day, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no length of time: it takes 90s, 10m, 24h or 7d", s)
}

// Since reads a time: how long ago (90m, 24h, 7d), or a day or moment in UTC.
func Since(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := Duration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: it takes 90m, 24h, 7d, 2024-01-30 or 2024-01-30T14:48:10Z", s)
}
