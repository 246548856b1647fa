package kernel

import (
	"os"

	"github.com/cilium/ebpf"
)

// Stats counts what the programs did and lost.
type Stats struct {
	PassedWrites, PassedReads, PassedEmptied, PassedCgroups uint64 // records handed over

	// Objects that were new to the filter of what was ever written. At 3 million it holds
	// one in 14 others for written too, at 12 million two in three: their first reads are
	// passed on for nothing.
	Remembered uint64

	// Records for which the ring buffer had no room.
	LostWrites, LostReads, LostEmptied, LostCgroups uint64

	Unremembered uint64 // a map took nothing: the same access is passed on again
	NoFile       uint64 // descriptors that were closed before their call returned
	CutPaths     uint64 // paths that were too long
	LookedAt     uint64 // accesses that the short memory did not know
	Busy         uint64 // accesses left out, since another one was being looked at
	Missed       uint64 // runs that the kernel left out for the same reason

	Malformed uint64 // records that make no sense
}

// The counters' places in their map, as the programs have them.
func (s *Stats) places() []*uint64 {
	return []*uint64{
		&s.PassedWrites, &s.PassedReads, &s.PassedEmptied, &s.PassedCgroups, &s.Remembered,
		&s.LostWrites, &s.LostReads, &s.LostEmptied, &s.LostCgroups,
		&s.Unremembered, &s.NoFile, &s.CutPaths, &s.LookedAt, &s.Busy,
	}
}

// Lost is how many accesses were lost altogether. What NoFile counts is not among them:
// most of those were sockets.
func (s *Stats) Lost() uint64 {
	return s.LostWrites + s.LostReads + s.LostEmptied + s.Busy + s.Missed + s.Malformed
}

// Stats gives the counters as they are now; os.ErrClosed once the sensor is closed.
func (s *Sensor) Stats() (Stats, error) {
	s.use.RLock()
	defer s.use.RUnlock()
	stats := Stats{Malformed: s.malformed.Load()}
	if s.closed {
		return stats, os.ErrClosed
	}
	var perCPU []uint64
	for i, n := range stats.places() {
		if err := s.objects.Maps[directMapCounts].Lookup(uint32(i), &perCPU); err != nil {
			return stats, err
		}
		for _, c := range perCPU {
			*n += c
		}
	}
	for _, p := range s.objects.Programs {
		stats.Missed += missed(p)
	}
	return stats, nil
}

func missed(p *ebpf.Program) uint64 {
	info, err := p.Stats()
	if err != nil {
		return 0 // not told by this kernel
	}
	return info.RecursionMisses
}
