package main

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xim-monitor/xim/cmd/xim/internal/metrics"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/cmd/xim/internal/source"
)

// serveMetrics serves metrics at an address until ctx ends; nothing if it is "".
func serveMetrics(ctx context.Context, address string, pipe *pipeline.Pipeline, kept *state, f *forwarding, own prometheus.Collector) error {
	if address == "" {
		return nil
	}
	if _, _, err := source.HostPort(address); err != nil {
		return usage("--metrics %s: it takes HOST:PORT, with a port from 0 to 65535", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart(fmt.Errorf("--metrics: %w", err))
	}
	from := metrics.Sources{Version: versionText(), Stats: &pipe.Stats, Forwarder: f.Forwarder, Queue: f.queue, Own: own}
	if kept.store != nil {
		from.StoreSize = kept.store.Size
	}
	logf("metrics at http://%s/metrics", l.Addr())
	go func() {
		if err := metrics.Serve(ctx, l, from.Registry()); err != nil {
			logf("metrics: %v", err)
		}
	}()
	return nil
}
