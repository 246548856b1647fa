package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// Names and help texts are as Prometheus wants them.
func TestConventions(t *testing.T) {
	s := Sources{
		Version: "1", Stats: &pipeline.Stats{}, StoreSize: func() int64 { return 1 },
		Forwarder: &forward.Forwarder{}, Queue: &forward.Memory{},
	}
	families, err := s.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
