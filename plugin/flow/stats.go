package flow

// Stats counts what the Tracker did and what it had to let go.
type Stats struct {
	Writes         uint64 // write accesses looked at
	Reads          uint64 // read accesses looked at, executed programs included
	Crossings      uint64 // reads that crossed a border at any granularity
	Flows          [granularities]uint64
	ObjectsEvicted uint64 // objects forgotten since max_objects was reached
	WritersEvicted uint64 // writers forgotten since max_writers was reached
	FlowsEvicted   uint64 // flows that may be new again since max_flows was reached
	ColdReturned   uint64 // objects that came back from where they went beyond max_objects
	ColdDamaged    uint64 // and that could not be read there
	PipesEvicted   uint64 // named pipes that are no longer known as such
	SightsEvicted  uint64 // folders whose device is no longer known
	UnclearExecs   uint64 // executed programs that could have been several objects

	// How many there are now.
	Objects, KnownFlows, Subjects, Containers, Pods, Devices int

	LabelBytes uint64 // memory of the paths' last elements
}

// Stats gives the counters as they are now.
func (t *Tracker) Stats() Stats {
	s := t.stats
	s.Objects = t.objects.lru.Len()
	s.KnownFlows = t.seen.lru.Len()
	s.Subjects = len(t.subjects.index)
	s.Containers = len(t.places.containers.index) - 1 // but the host
	s.Pods = len(t.places.pods.index) - 1
	s.Devices = len(t.devices.known)
	s.PipesEvicted = t.pipes.Metrics().Evictions
	s.SightsEvicted = t.sights.lru.Metrics().Evictions
	s.LabelBytes = t.labels.names.bytes()
	return s
}
