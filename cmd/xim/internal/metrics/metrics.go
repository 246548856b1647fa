// Package metrics shows what xim counts to Prometheus.
//
// Labels are kinds, never names: no host, path or process is in them, so their
// number does not grow with what is watched.
package metrics

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// Sources are what is shown. Only Stats is needed.
type Sources struct {
	Version   string
	Stats     *pipeline.Stats
	StoreSize func() int64
	Forwarder *forward.Forwarder
	Queue     forward.Queue
	Own       prometheus.Collector // of where flows come from
}

// Registry holds all metrics.
func (s Sources) Registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, labels prometheus.Labels, read func() uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return float64(read()) }))
	}
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
	}
	gauge("xim_build_info", "The version that runs; always 1.", prometheus.Labels{"version": s.Version}, func() float64 { return 1 })
	for kind, name := range pipeline.Kinds {
		of := prometheus.Labels{"source": name}
		counter("xim_alerts_total", "Alerts received, xIM's and others.", of, s.Stats.Alerts[kind].Load)
		counter("xim_bad_inputs_total", "Lines, bodies and frames that are no whole alert, and requests without the token.", of, s.Stats.Bad[kind].Load)
	}
	counter("xim_other_alerts_total", "Alerts received that are not xIM's.", nil, s.Stats.Other.Load)
	counter("xim_flows_new_total", "Flows seen for the first time, and printed.", nil, s.Stats.New.Load)
	counter("xim_flows_repeated_total", "Flows seen again, and only counted.", nil, s.Stats.Repeats.Load)
	counter("xim_flows_evicted_total", "Flows forgotten because the set was full.", nil, s.Stats.Evicted.Load)
	gauge("xim_flows_known", "Flows remembered now.", nil, func() float64 { return float64(s.Stats.Known.Load()) })
	counter("xim_lists_cut_total", "Lists of writers that Falco had cut; their last item is lost.", nil, s.Stats.Cut.Load)
	counter("xim_connections_lost_total", "Connections to Falco's gRPC that were lost or refused.", nil, s.Stats.Reconnects.Load)
	gauge("xim_lag_seconds", "Time from the last alert's event to its arrival.", nil, func() float64 {
		return time.Duration(s.Stats.Lag.Load()).Seconds()
	})
	if s.StoreSize != nil {
		gauge("xim_store_size_bytes", "Size of the store's file.", nil, func() float64 { return float64(s.StoreSize()) })
		counter("xim_store_errors_total", "Writes to the store that failed.", nil, s.Stats.StoreErrors.Load)
	}
	if s.Forwarder != nil {
		const help = "Flows forwarded, by what came of it."
		counter("xim_forwards_total", help, prometheus.Labels{"result": "delivered"}, s.Forwarder.Delivered.Load)
		counter("xim_forwards_total", help, prometheus.Labels{"result": "rejected"}, s.Forwarder.Rejected.Load)
		counter("xim_forwards_total", help, prometheus.Labels{"result": "dropped"}, func() uint64 {
			return s.Queue.Dropped() + s.Stats.Unforwarded.Load()
		})
		counter("xim_forward_retries_total", "Attempts to forward that failed and are made again.", nil, s.Forwarder.Retries.Load)
		gauge("xim_forward_queue_length", "Flows that wait to be forwarded.", nil, func() float64 { return float64(s.Queue.Waiting()) })
	}
	if s.Own != nil {
		r.MustRegister(s.Own)
	}
	return r
}

// Serve answers at /metrics until ctx ends.
func Serve(ctx context.Context, l net.Listener, r *prometheus.Registry) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
