package spill

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// recordOf is a typical record.
var recordOf = []byte(strings.Repeat("x", 80))

const benchObjects = 1_000_000

// filled is a store of a million objects, all on disk.
func filled(b *testing.B, opts Options) *Store {
	b.Helper()
	dir := b.TempDir()
	opts.BufferBytes = 256 << 20 // nothing is dropped, however fast they come
	s := mustOpen(b, dir, opts, nil)
	for i := range benchObjects {
		s.Keep(object(i), recordOf)
	}
	mustClose(b, s)
	opts.BufferBytes = 0
	s = mustOpen(b, dir, opts, nil)
	if st := s.Stats(); st.Objects != benchObjects {
		b.Fatalf("%+v", st)
	}
	return s
}

func BenchmarkKeep(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{}, nil)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.Keep(object(i), recordOf)
		i++
	}
	b.ReportMetric(float64(s.Stats().Dropped)/float64(i), "dropped/op")
}

// 200,000 a second: how long the caller waits for one.
func BenchmarkKeepAtARate(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{}, nil)
	var took []time.Duration
	i, start := 0, time.Now()
	for b.Loop() {
		due := start.Add(time.Duration(i) * 5 * time.Microsecond)
		for time.Now().Before(due) {
		}
		before := time.Now()
		s.Keep(object(i), recordOf)
		took = append(took, time.Since(before))
		i++
	}
	slices.Sort(took)
	for name, n := range map[string]int{"p50-ns": 500, "p99.9-ns": 999, "max-ns": 1000} {
		b.ReportMetric(float64(took[min(len(took)*n/1000, len(took)-1)]), name)
	}
	b.ReportMetric(float64(s.Stats().Dropped), "dropped")
}

func BenchmarkTakeFromBuffer(b *testing.B) {
	s := filled(b, Options{})
	b.ReportAllocs()
	i := benchObjects
	for b.Loop() {
		s.Keep(object(i), recordOf)
		if _, ok := s.Take(object(i)); !ok {
			b.Fatal("not found")
		}
		i++
	}
}

// As many as there are, each once, in no order of the file.
func BenchmarkTakeFromDisk(b *testing.B) {
	s := filled(b, Options{})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := s.Take(object(i * 7919 % benchObjects)); !ok && i < benchObjects {
			b.Fatal("not found")
		}
		i++
	}
}

func BenchmarkMiss(b *testing.B) {
	s := filled(b, Options{})
	for _, c := range []struct {
		name string
		call func(int)
	}{
		{"Take", func(i int) { s.Take(object(i)) }},
		{"Drop", func(i int) { s.Drop(object(i)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := s.Stats()
			i := benchObjects
			for b.Loop() {
				c.call(i)
				i++
			}
			b.ReportMetric(float64(s.Stats().FalsePositives-before.FalsePositives)/float64(i-benchObjects), "false/op")
		})
	}
}

// What an object takes, in a store that is as full as it gets.
func BenchmarkSpace(b *testing.B) {
	for b.Loop() {
		s := filled(b, Options{MaxObjects: benchObjects * 8 / 7})
		st := s.Stats()
		onDisk := int64(0)
		for _, name := range files(b, s.dir.root.Name()) {
			info, err := os.Stat(filepath.Join(s.dir.root.Name(), name))
			if err != nil {
				b.Fatal(err)
			}
			onDisk += info.Size()
		}
		b.ReportMetric(float64(onDisk)/benchObjects, "disk-B/object")
		b.ReportMetric(float64(st.MemoryBytes)/benchObjects, "memory-B/object")
		for i := benchObjects; i < 2*benchObjects; i++ {
			s.Take(object(i))
		}
		b.ReportMetric(math.Round(1e6*float64(s.Stats().FalsePositives)/benchObjects), "false/million")
		mustClose(b, s)
	}
}
