package dedup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
)

var start = time.Date(2024, 1, 30, 14, 0, 0, 0, time.UTC)

func TestSet(t *testing.T) {
	s := Set{Max: 2, Forget: time.Hour}
	for i, step := range []struct {
		writer  string
		minutes int
		isNew   bool
		count   uint64
		evicted string
	}{
		{"a", 0, true, 1, ""},
		{"a", 1, false, 2, ""},
		{"b", 2, true, 1, ""},
		{"a", 1, false, 3, ""},  // an old alert moves nothing back
		{"c", 3, true, 1, "b"},  // a was seen after b
		{"b", 4, true, 1, "a"},  // and b is new again
		{"b", 64, false, 2, ""}, // one hour later, not more
		{"b", 125, true, 1, ""}, // forgotten
		{"b", 126, false, 2, ""},
	} {
		r, isNew, evicted := s.See(alert.Flow{Writer: step.writer}, start.Add(time.Duration(step.minutes)*time.Minute))
		if isNew != step.isNew || r.Count != step.count || names(evicted) != step.evicted {
			t.Fatalf("step %d %+v: new %v, count %d, evicted %+v", i, step, isNew, r.Count, evicted)
		}
	}
	if s.Len() != 2 {
		t.Errorf("%d flows", s.Len())
	}
}

func names(records []*Record) (s string) {
	for _, r := range records {
		s += r.Writer
	}
	return s
}

// Long names count for more than one: four flows have room for 4 KiB.
func TestLongNames(t *testing.T) {
	s := Set{Max: 4}
	for i, step := range []struct {
		writer  string
		bytes   int
		evicted string
	}{
		{"a", 1000, ""}, {"b", 1000, ""}, {"c", 1000, ""},
		{"d", 2500, "ab"},
		{"e", 9000, "cd"}, // alone it may be longer
		{"f", 10, "e"},
	} {
		_, _, evicted := s.See(alert.Flow{Writer: step.writer, Path: strings.Repeat("p", step.bytes)}, start)
		if names(evicted) != step.evicted {
			t.Errorf("step %d %+v: evicted %s", i, step, names(evicted))
		}
	}
}

func TestAllAndRemove(t *testing.T) {
	var s Set
	s.All(func(*Record) bool { t.Error("an empty set has a record"); return true })
	for _, w := range []string{"a", "b", "c"} {
		s.Restore(&Record{Flow: alert.Flow{Writer: w}})
	}
	s.Restore(&Record{Flow: alert.Flow{Writer: "a"}})
	var got []string
	s.All(func(r *Record) bool {
		got = append(got, r.Writer)
		return !s.Remove(r.Key()) || r.Writer != "c"
	})
	if !slices.Equal(got, []string{"a", "c"}) || s.Len() != 1 || s.Remove("none") {
		t.Errorf("got %v, %d left", got, s.Len())
	}
}
