package kernel

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
)

// A Sensor is the programs in the kernel, what they remember, and the ring buffer by
// which they pass on. One goroutine reads it; Close may be called from any.
type Sensor struct {
	objects   *ebpf.Collection
	links     []link.Link
	attached  Attach
	rings     bool
	reader    *ringbuf.Reader
	sample    ringbuf.Record
	malformed atomic.Uint64
	stop      sync.Once
	use       sync.RWMutex // of the maps and programs, against Close
	closed    bool
}

// Open loads the programs and lets them watch. The error says what this machine
// lacks; it is ErrUnavailable where no setting would help.
func Open(o Options) (*Sensor, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	if err := available(); err != nil {
		return nil, err
	}
	if err := rlimit.RemoveMemlock(); err != nil { // it counts maps up to Linux 5.10
		return nil, explain(err)
	}
	spec, err := programs(&o)
	if err != nil {
		return nil, err
	}
	s := &Sensor{}
	if err := s.load(spec, o.Attach); err != nil {
		s.Close()
		return nil, explain(err)
	}
	if _, err := s.objects.Programs[directProgLeaveMeOut].Run(&ebpf.RunOptions{}); err != nil {
		s.Close()
		return nil, fmt.Errorf("leave this process out: %w", explain(err))
	}
	if err := s.exclude(&o); err != nil {
		s.Close()
		return nil, err
	}
	if s.reader, err = ringbuf.NewReader(s.objects.Maps[directMapRing]); err != nil {
		s.Close()
		return nil, explain(err)
	}
	if o.Paused {
		return s, nil
	}
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Start lets a sensor watch that was opened Paused.
func (s *Sensor) Start() error {
	if err := s.watch(); err != nil {
		return explain(err)
	}
	return nil
}

// programs makes the collection for this kernel, with its settings.
func programs(o *Options) (*ebpf.CollectionSpec, error) {
	spec, err := variant()
	if err != nil {
		return nil, err
	}
	hierarchy, err := cgroupHierarchy()
	if err != nil {
		return nil, err
	}
	spec.Maps[directMapObjects].MaxEntries = uint32(o.Objects)
	spec.Maps[directMapDeeds].MaxEntries = uint32(o.Deeds)
	spec.Maps[directMapRing].MaxEntries = uint32(o.Ring)
	spec.Maps[directMapExcludedUsers].MaxEntries = uint32(max(1, len(o.Users)))
	spec.Maps[directMapExcludedProcesses].MaxEntries = uint32(max(1, len(o.Processes)))
	for name, value := range map[string]uint32{
		directVarIdentity:   uint32(o.Process),
		directVarMaxWriters: uint32(o.MaxWriters),
		directVarHierarchy:  hierarchy,
		directVarUsers:      uint32(len(o.Users)),
		directVarProcesses:  uint32(len(o.Processes)),
		directVarEverything: o.everything,
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return spec, nil
}

// variant chooses how the programs read memory: by plain loads where the kernel has
// bpf_rdonly_cast (6.2), else by calls to a helper.
func variant() (*ebpf.CollectionSpec, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("%w: read the kernel's type information: %w", ErrUnavailable, err)
	}
	var cast *btf.Func
	if kernel.TypeByName("bpf_rdonly_cast", &cast) == nil {
		return loadDirect()
	}
	return loadProbe()
}

func (s *Sensor) exclude(o *Options) error {
	for _, uid := range o.Users {
		if err := s.objects.Maps[directMapExcludedUsers].Put(uid, uint32(1)); err != nil {
			return fmt.Errorf("exclude user %d: %w", uid, err)
		}
	}
	for _, name := range o.Processes {
		var comm [16]byte
		copy(comm[:15], name)
		if err := s.objects.Maps[directMapExcludedProcesses].Put(comm, uint32(1)); err != nil {
			return fmt.Errorf("exclude process %q: %w", name, err)
		}
	}
	return nil
}

// Attached tells where the programs hang: Functions or Tracepoint.
func (s *Sensor) Attached() Attach { return s.attached }

// SeesIOUring tells whether reads and writes by io_uring are seen.
func (s *Sensor) SeesIOUring() bool { return s.rings }

// ErrIdle says that nothing came for a while.
var ErrIdle = errors.New("nothing was passed on")

// Read takes the next record. It waits until deadline and then returns ErrIdle;
// os.ErrClosed once the sensor is closed and everything was read.
func (s *Sensor) Read(r *Record, deadline time.Time) error {
	for {
		s.reader.SetDeadline(deadline)
		switch err := s.reader.ReadInto(&s.sample); {
		case err == nil:
		case errors.Is(err, ringbuf.ErrFlushed):
			return os.ErrClosed
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ErrIdle
		default:
			return err
		}
		err := r.decode(s.sample.RawSample)
		if err == nil {
			return nil
		}
		s.malformed.Add(1)
	}
}

// Forget tells the programs that the engine no longer knows some objects: whatever is
// done to them is first again.
func (s *Sensor) Forget(o ...Object) error { return s.tell(directProgForget, o) }

// Know tells the programs of objects that the engine knows from before.
func (s *Sensor) Know(o ...Object) error { return s.tell(directProgKnow, o) }

// A batch is as many objects as a program takes at once.
type batch struct {
	N       uint64
	Objects [16]Object
}

func (s *Sensor) tell(program string, objects []Object) error {
	s.use.RLock()
	defer s.use.RUnlock()
	if s.closed {
		return os.ErrClosed
	}
	for len(objects) > 0 {
		var b batch
		n := copy(b.Objects[:], objects)
		b.N, objects = uint64(n), objects[n:]
		if _, err := s.objects.Programs[program].Run(&ebpf.RunOptions{Context: &b}); err != nil {
			return fmt.Errorf("%s %d objects: %w", program, n, err)
		}
	}
	return nil
}

// Stop lets the programs watch no longer. What they passed on before can still be
// read; behind it Read returns os.ErrClosed.
func (s *Sensor) Stop() error {
	s.stop.Do(s.detach)
	return s.reader.Flush()
}

// Close takes the programs and everything of theirs away.
func (s *Sensor) Close() error {
	s.stop.Do(s.detach)
	s.use.Lock()
	defer s.use.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.reader != nil {
		s.reader.Close()
	}
	if s.objects != nil {
		s.objects.Close()
	}
	return nil
}
