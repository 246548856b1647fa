package kernel

import (
	"fmt"
	"math/bits"
	"slices"
)

// An Attach says where the sensor's programs hang.
type Attach string

// The places. Functions cost only the calls that are looked at, and see io_uring;
// some kernels refuse them.
const (
	Auto       Attach = "auto" // functions where they are allowed, else tracepoint
	Functions  Attach = "functions"
	Tracepoint Attach = "tracepoint"
)

// A Process says what tells processes apart.
type Process uint32

// The ways to tell them apart, as process_identity has them.
const (
	ByComm Process = iota
	ByExePath
	ByPID
)

// What Options has where nothing else is said.
const (
	DefaultObjects    = 32768
	DefaultDeeds      = 65536
	DefaultRing       = 4 << 20
	DefaultMaxWriters = 16
)

// Options are the settings of a Sensor. The zero value works.
type Options struct {
	Attach  Attach  // "" is Auto
	Process Process // what tells processes apart

	Objects int // written objects that the kernel remembers, about 140 bytes each
	Deeds   int // accesses that it remembers, about 150 bytes each
	Ring    int // bytes of the ring buffer; made a power of two

	// MaxWriters is the engine's limit of writers of one object.
	MaxWriters int

	// Users and processes (by their leader's name) that are left out. The process
	// that opens the Sensor always is.
	Users     []uint32
	Processes []string

	// Paused leaves the programs loaded, but not yet watching: that is for Start.
	Paused bool

	everything uint32 // 1 passes every access on, to compare with
}

// maxEntries is the most that a map may hold, and that a ring may have bytes.
const maxEntries = 1 << 28

func (o *Options) defaults() error {
	if o.Attach == "" {
		o.Attach = Auto
	}
	if !slices.Contains([]Attach{Auto, Functions, Tracepoint}, o.Attach) {
		return fmt.Errorf("attach is %q: it takes %s, %s or %s", o.Attach, Auto, Functions, Tracepoint)
	}
	for _, l := range []struct {
		name  string
		limit *int
		def   int
	}{
		{"objects", &o.Objects, DefaultObjects},
		{"deeds", &o.Deeds, DefaultDeeds},
		{"ring", &o.Ring, DefaultRing},
		{"max_writers", &o.MaxWriters, DefaultMaxWriters},
	} {
		if *l.limit == 0 {
			*l.limit = l.def
		}
		if *l.limit < 1 || *l.limit > maxEntries {
			return fmt.Errorf("%s is %d: it takes 1 to %d", l.name, *l.limit, maxEntries)
		}
	}
	o.Ring = max(4096, 1<<bits.Len(uint(o.Ring-1)))
	return nil
}
