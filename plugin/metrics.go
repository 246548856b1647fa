package main

/*
#include "shim.h"
*/
import "C"

import (
	"unsafe"

	"github.com/falcosecurity/plugin-sdk-go/pkg/cgo"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A metric is one number that the framework exports, as falco's metrics do.
type metric struct {
	name  string
	gauge bool // it may go down
	value uint64
}

// numbers lists every counter and every size; docs/operations.md says what they mean.
func (p *instance) numbers() []metric {
	s, c, shim, stored := p.tracker.Stats(), &p.counts, p.shim, p.stored()
	k, box := p.sensed(), &p.outbox
	return []metric{
		{name: "events", value: uint64(shim.events)},
		{name: "cache_hits", value: uint64(shim.cache.hits)},
		{name: "cache_misses", value: uint64(shim.cache.misses)},
		{name: "reads", value: s.Reads},
		{name: "writes", value: s.Writes},
		{name: "crossings", value: s.Crossings},
		{name: "flows_process", value: s.Flows[flow.Process]},
		{name: "flows_container", value: s.Flows[flow.Container]},
		{name: "flows_pod", value: s.Flows[flow.Pod]},
		{name: "flows_evicted", value: s.FlowsEvicted},
		{name: "objects_evicted", value: s.ObjectsEvicted},
		{name: "writers_evicted", value: s.WritersEvicted},
		{name: "pipes_evicted", value: s.PipesEvicted},
		{name: "sights_evicted", value: s.SightsEvicted},
		{name: "cold_returned", value: s.ColdReturned},
		{name: "cold_damaged", value: s.ColdDamaged + stored.Damaged},
		{name: "cold_lost", value: stored.Dropped + stored.Unwritten + stored.TooLarge},
		{name: "cold_evicted", value: stored.Evicted},
		{name: "cold_disk_reads", value: stored.DiskReads},
		{name: "cold_disk_errors", value: stored.ReadErrors + stored.WriteErrors},
		{name: "unclear_execs", value: s.UnclearExecs},
		{name: "unresolved_threads", value: c.unresolvedThreads},
		{name: "unresolved_fds", value: c.unresolvedFDs},
		{name: "malformed_events", value: c.malformed},
		{name: "incomplete_events", value: c.incomplete},
		{name: "bad_metadata", value: c.badMetadata},
		{name: "excluded", value: c.excluded + k.Excluded},
		{name: "panics", value: c.panics},
		{name: "objects", gauge: true, value: uint64(s.Objects)},
		{name: "flows_known", gauge: true, value: uint64(s.KnownFlows)},
		{name: "subjects", gauge: true, value: uint64(s.Subjects)},
		{name: "containers", gauge: true, value: uint64(s.Containers)},
		{name: "pods", gauge: true, value: uint64(s.Pods)},
		{name: "devices", gauge: true, value: uint64(s.Devices)},
		{name: "cold_objects", gauge: true, value: uint64(stored.Objects + stored.Buffered)},
		{name: "cold_bytes", gauge: true, value: uint64(stored.DiskBytes)},
		{name: "label_bytes", gauge: true, value: s.LabelBytes},
		{name: "snapshot_bytes", gauge: true, value: uint64(p.keeper.size)},
		{name: "snapshot_time_seconds", gauge: true, value: p.keeper.unix()},
		{name: "snapshot_failures", value: p.keeper.failures},
		{name: "sensor_attached", gauge: true, value: k.attached},
		{name: "sensor_writes", value: k.PassedWrites},
		{name: "sensor_reads", value: k.PassedReads},
		{name: "sensor_lost", value: k.Lost()},
		{name: "sensor_remembered", value: k.Remembered},
		{name: "sensor_unremembered", value: k.Unremembered},
		{name: "sensor_no_file", value: k.NoFile},
		{name: "sensor_cut_paths", value: k.CutPaths},
		{name: "sensor_unknown_places", value: k.UnknownPlace},
		{name: "sensor_not_forgotten", value: k.NotForgotten},
		{name: "sensor_pipes_dropped", value: k.PipesDropped},
		{name: "events_sent", value: box.sent},
		{name: "events_sent_again", value: box.again},
		{name: "events_lost", value: box.lost},
		{name: "events_waiting", gauge: true, value: uint64(len(box.waiting))},
		{name: "threads_made", value: box.introduced},
	}
}

// metrics is the C memory of the last answer.
type metrics struct {
	list  *C.fw_metric
	count int
}

func (m *metrics) write(numbers []metric) *C.fw_metric {
	const u64 = 2
	if m.list == nil { // the names never change
		m.count = len(numbers)
		m.list = (*C.fw_metric)(C.calloc(C.size_t(len(numbers)), C.sizeof_fw_metric))
		for i, n := range numbers {
			entry := &unsafe.Slice(m.list, len(numbers))[i]
			entry.name, entry.value_type = C.CString(n.name), u64
			if n.gauge {
				entry._type = 1
			}
		}
	}
	for i, n := range numbers {
		unsafe.Slice(m.list, len(numbers))[i].value = C.uint64_t(n.value)
	}
	return m.list
}

func (m *metrics) free() {
	for _, entry := range unsafe.Slice(m.list, m.count) {
		C.free(unsafe.Pointer(entry.name))
	}
	C.free(unsafe.Pointer(m.list))
}

//export ximMetrics
func ximMetrics(h C.uintptr_t, n *C.uint32_t) (list *C.fw_metric) {
	*n = 0
	p := cgo.Handle(h).Value().(*instance)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.guard(nil)
	if p.tracker == nil {
		return nil
	}
	numbers := p.numbers()
	list = p.metrics.write(numbers)
	*n = C.uint32_t(len(numbers))
	return list
}
