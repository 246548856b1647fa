package live

import "github.com/prometheus/client_golang/prometheus"

// The names hold no hosts, paths or processes; their number does not grow.
var (
	passed    = metric("xim_kernel_passed_total", "Accesses and cgroups that the kernel sensor passed on.", "kind")
	lost      = metric("xim_kernel_lost_total", "What the kernel sensor could not pass on or look at.", "kind")
	forgotten = metric("xim_kernel_unremembered_total", "Accesses that the sensor's maps had no room for; they are passed on again.")
	closed    = metric("xim_kernel_closed_descriptors_total", "Descriptors that were closed before their call returned.")
	cut       = metric("xim_kernel_cut_paths_total", "Paths that were too long for the sensor.")
	lookedAt  = metric("xim_kernel_looked_at_total", "Accesses that the sensor did not skip at once.")
	leftOut   = metric("xim_kernel_left_out_total", "Accesses left out: excluded by path, or a runtime's own doing.", "why")
	noPlace   = metric("xim_kernel_unknown_places_total", "Accesses whose cgroup is not known, taken for the host's.")
	known     = metric("xim_kernel_remembered_total", "Objects that were new to the filter of what was ever written.")
	dropped   = metric("xim_kernel_pipes_dropped_total", "Reads of named pipes that no longer wait for their writer's call.")
	stale     = metric("xim_kernel_not_forgotten_total", "Objects that the sensor could not be told to forget.")
	objects   = metric("xim_objects", "Written objects remembered now.")
	evicted   = metric("xim_objects_evicted_total", "Objects forgotten for room.")
	writers   = metric("xim_writers_evicted_total", "Writers of an object forgotten for room.")
)

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var _ prometheus.Collector = (*Source)(nil)

// Describe says that Collect knows.
func (s *Source) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, to) }

// Collect shows the counters as they are now.
func (s *Source) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	k, i := s.Stats(), s.look()
	count(passed, k.PassedWrites, "write")
	count(passed, k.PassedReads, "read")
	count(passed, k.PassedEmptied, "emptied")
	count(passed, k.PassedCgroups, "cgroup")
	count(lost, k.LostWrites, "write")
	count(lost, k.LostReads, "read")
	count(lost, k.LostEmptied, "emptied")
	count(lost, k.LostCgroups, "cgroup")
	count(lost, k.Busy+k.Missed, "busy")
	count(lost, k.Malformed, "malformed")
	count(forgotten, k.Unremembered)
	count(closed, k.NoFile)
	count(cut, k.CutPaths)
	count(lookedAt, k.LookedAt)
	count(leftOut, i.feed.Excluded, "path")
	count(leftOut, i.runtimes, "runtime")
	count(noPlace, i.feed.UnknownPlace)
	count(stale, i.feed.NotForgotten)
	count(known, k.Remembered)
	count(dropped, i.feed.PipesDropped)
	to <- prometheus.MustNewConstMetric(objects, prometheus.GaugeValue, float64(i.engine.Objects))
	count(evicted, i.engine.ObjectsEvicted)
	count(writers, i.engine.WritersEvicted)
}
