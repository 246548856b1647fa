package spill

import (
	"fmt"
	"math"
)

// The limits that Options has where nothing else is said.
const (
	DefaultMaxObjects  = 10_000_000
	DefaultMaxBytes    = 2 << 30
	DefaultBufferBytes = 8 << 20
)

// maxGenerations is in how many parts the objects come, and go.
const maxGenerations = 8

// Options are the limits of a Store, and what it belongs to. The zero value works.
type Options struct {
	MaxObjects  int   // objects on disk; 0 means DefaultMaxObjects
	MaxBytes    int64 // bytes of their files; 0 means DefaultMaxBytes
	BufferBytes int   // bytes of records not yet on disk; 0 means DefaultBufferBytes

	// Boot and Tag name what the objects hold good for: this boot of the machine,
	// and whatever else their keys and records depend on. A store with others is
	// removed when it is opened.
	Boot, Tag string
}

// Sizes are what follows from the limits.
type sizes struct {
	objects      int   // in one generation
	bytes        int64 // in its file
	batches      int   // in the buffer
	batchBytes   int   // of records that are written at once
	batchObjects int   // and how many they may be
}

func (o *Options) fill() (sizes, error) {
	if o.MaxObjects == 0 {
		o.MaxObjects = DefaultMaxObjects
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.BufferBytes == 0 {
		o.BufferBytes = DefaultBufferBytes
	}
	for _, limit := range []struct {
		name            string
		value, min, max int64
	}{
		{"MaxObjects", int64(o.MaxObjects), 1, 1 << 30},
		{"MaxBytes", o.MaxBytes, maxGenerations << 10, maxGenerations * math.MaxUint32},
		{"BufferBytes", int64(o.BufferBytes), minBatches << 10, 1 << 30},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			return sizes{}, fmt.Errorf("%s is %d: it takes %d to %d", limit.name, limit.value, limit.min, limit.max)
		}
	}
	s := sizes{
		objects:    max(1, min(o.MaxObjects, int(o.MaxBytes/smallRecord))/maxGenerations),
		bytes:      o.MaxBytes / maxGenerations,
		batchBytes: min(maxBatchBytes, o.BufferBytes/minBatches, int(o.MaxBytes/maxGenerations)),
	}
	s.batches = o.BufferBytes / s.batchBytes
	s.batchObjects = min(s.objects, s.batchBytes/smallRecord)
	return s, nil
}
