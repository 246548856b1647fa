//go:build !amd64

package live

import (
	"context"
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// A Source is what there is none of here.
type Source struct{ prometheus.Collector }

// Open says that the sensor is for another kind of processor.
func Open(Options) (*Source, error) {
	return nil, fmt.Errorf("%w: it is for x86-64 (amd64), not for %s", ErrUnavailable, runtime.GOARCH)
}

func (*Source) Attached() string                            { return "" }
func (*Source) Run(context.Context, *pipeline.Intake) error { return nil }
func (*Source) Close()                                      {}
func (*Source) Counts() string                              { return "" }

// Socket finds no container runtime: nobody would ask it.
func Socket() string { return "" }
