package spill

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		b.StopTimer()
		b.StartTimer()
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
