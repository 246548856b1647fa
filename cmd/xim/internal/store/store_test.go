package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// The longest flow that is let in fits into a key.
func TestLongestFlow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.db")
	s, _, err := Open(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var set dedup.Set
	r, _, _ := set.See(alert.Flow{Writer: "w", Reader: "r", Path: strings.Repeat("p", alert.MaxFlow-2)}, time.Unix(1, 0))
	if err := s.Commit(pipeline.Batch{Put: []dedup.Record{*r}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = OpenExisting(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Flows) != 1 || s.Flows[0].Flow != r.Flow {
		t.Errorf("%d flows, want the one", len(s.Flows))
	}
}
