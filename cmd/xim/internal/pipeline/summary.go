package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/output"
)

// Counts is a line of everything counted since the start. What is usually none
// is left out while it is.
func (p *Pipeline) Counts() string {
	s := &p.Stats
	parts := []string{
		count(s.New.Load(), "flow"),
		count(s.Repeats.Load(), "repeat"),
		count(sum(&s.Alerts), "alert"),
		count(sum(&s.Bad), "bad line"),
	}
	for _, c := range []struct {
		n    uint64
		what string
	}{
		{s.Other.Load(), "other alert"},
		{s.Cut.Load(), "cut list"},
		{s.Evicted.Load(), "flow forgotten for room|flows forgotten for room"},
		{s.Owed.Load(), "flow owed by the last run|flows owed by the last run"},
		{s.StoreErrors.Load(), "failed store write"},
		{s.Reconnects.Load(), "lost connection"},
	} {
		if c.n > 0 {
			parts = append(parts, count(c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}

// Summary is Counts and the flow repeated most since the last Summary.
func (p *Pipeline) Summary() string {
	p.mu.Lock()
	var most *dedup.Record
	var n uint64
	p.set.All(func(r *dedup.Record) bool {
		if r.Unsummed > n {
			most, n = r, r.Unsummed
		}
		r.Unsummed = 0
		return true
	})
	text := ""
	if most != nil {
		text = fmt.Sprintf("; most repeated: %s -> %s -> %s, %s", output.Name(most.Writer), output.Name(most.Path),
			output.Name(most.Reader), count(n, "time"))
	}
	p.mu.Unlock()
	return p.Counts() + text
}

// count writes a number with its noun. A noun whose plural is not made by an s
// has both forms, with a | between.
func count(n uint64, noun string) string {
	one, many, ok := strings.Cut(noun, "|")
	if !ok {
		many = one + "s"
	}
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func sortBySeq(lines []line) {
	slices.SortFunc(lines, func(a, b line) int { return int(int64(a.flow.Seq) - int64(b.flow.Seq)) })
}
