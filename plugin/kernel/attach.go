package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// functionPrefix marks the copies of the program that hangs on functions.
const functionPrefix = "call_exit:"

// load brings the programs into the kernel: for functions if they are wanted and
// allowed.
func (s *Sensor) load(spec *ebpf.CollectionSpec, where Attach) error {
	template := spec.Programs[directProgCallExit]
	delete(spec.Programs, directProgCallExit)
	err := functionsAllowed(template)
	if s.rings = err == nil; !s.rings {
		delete(spec.Programs, directProgRingRead)
		delete(spec.Programs, directProgRingWrite)
	}
	var functions []string
	if err == nil && where != Tracepoint {
		functions, err = callFunctions()
	}
	if err != nil && where == Functions {
		return fmt.Errorf("attach to functions: %w", err)
	}
	s.attached = Tracepoint
	if err == nil && where != Tracepoint {
		s.attached = Functions
		delete(spec.Programs, directProgSysExit)
		for _, f := range functions {
			p := template.Copy()
			p.AttachTo = f
			spec.Programs[functionPrefix+f] = p
		}
	}
	s.objects, err = ebpf.NewCollection(spec)
	return err
}

// functionsAllowed tries it out with a program that does nothing.
func functionsAllowed(template *ebpf.ProgramSpec) error {
	spec := template.Copy()
	spec.Instructions = nothing()
	p, err := ebpf.NewProgram(spec)
	if err != nil {
		return err
	}
	defer p.Close()
	l, err := link.AttachTracing(link.TracingOptions{Program: p, AttachType: ebpf.AttachTraceFExit})
	if err != nil {
		return err
	}
	return l.Close()
}

// watch lets the programs run: those for calls and executions first, so that no
// mapping is missed between what was there and what is made.
func (s *Sensor) watch() error {
	for _, name := range s.attachable() {
		l, err := link.AttachTracing(link.TracingOptions{Program: s.objects.Programs[name]})
		if err != nil {
			return fmt.Errorf("attach %s: %w", name, err)
		}
		s.links = append(s.links, l)
	}
	for _, name := range []string{directProgMappedToWrite, directProgMappedToRead} {
		if err := runIterator(s.objects.Programs[name]); err != nil {
			return fmt.Errorf("look at what is mapped: %w", err)
		}
	}
	return nil
}

func (s *Sensor) attachable() []string {
	names := []string{directProgExecuted}
	for name := range s.objects.Programs {
		switch {
		case name == directProgSysExit, name == directProgRingRead, name == directProgRingWrite,
			strings.HasPrefix(name, functionPrefix):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// runIterator runs a program over all mappings of the machine.
func runIterator(p *ebpf.Program) error {
	it, err := link.AttachIter(link.IterOptions{Program: p})
	if err != nil {
		return err
	}
	defer it.Close()
	r, err := it.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

func (s *Sensor) detach() {
	for _, l := range s.links {
		if err := l.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			continue // the kernel takes it away with the process at the latest
		}
	}
	s.links = nil
}
