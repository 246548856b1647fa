package flow

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkIncoming lets 10 million objects come in, each written once by one of a
// hundred processes, into an empty memory with room for all of them, and reports
// how long single accesses held the caller up: growing maps and the garbage
// collector's pauses are in it, and so is whatever else the machine was doing.
func BenchmarkIncoming(b *testing.B) {
	if testing.Short() {
		b.Skip("takes 2 GB of memory")
	}
	const objects = 10_000_000
	for b.Loop() {
		tr, err := New(Options{MaxObjects: objects})
		if err != nil {
			b.Fatal(err)
		}
		var who [100]Subject
		for i := range who {
			who[i] = tr.Subject("p"+strconv.Itoa(i), Place{})
		}
		took := make([]uint32, objects)
		path := []byte("/srv/data/00/")
		last := time.Now()
		for i := range objects {
			path = strconv.AppendInt(path[:len("/srv/data/00/")], int64(i), 10)
			path[10], path[11] = byte('0'+i/10%10), byte('0'+i%10)
			tr.Write(InodeKey(1, uint64(i)), who[i%len(who)], string(path), int64(i))
			now := time.Now()
			took[i] = uint32(now.Sub(last))
			last = now
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[objects/2]), "p50-ns")
		b.ReportMetric(float64(took[objects/1000*999]), "p99.9-ns")
		b.ReportMetric(float64(took[objects-1])/1e6, "max-ms")
	}
}
