package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// The system calls that are looked at, as their functions in the kernel are named.
var calls = []string{
	"read", "readv", "pread64", "preadv", "preadv2",
	"write", "writev", "pwrite64", "pwritev", "pwritev2",
	"sendfile", "sendfile64", "splice", "copy_file_range",
	"mmap", "mmap_pgoff", "old_mmap",
	"open", "openat", "openat2", "creat", "open_by_handle_at",
	"ftruncate", "ftruncate64",
}

// What stands before a call's name: of 64 bits, and of 32, where the calls whose
// arguments differ have functions of their own.
var abis = []string{"__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_", "__x64_compat_sys_"}

// functionPrefix marks the copies of the program that hangs on functions.
const functionPrefix = "call_exit:"

// load brings the programs into the kernel, for functions if they are wanted and
// allowed.
func (s *Sensor) load(spec *ebpf.CollectionSpec, where Attach) error {
	template := spec.Programs[directProgCallExit]
	delete(spec.Programs, directProgCallExit)
	if where != Tracepoint {
		err := functionsAllowed(template)
		if err == nil {
			s.attached = Functions
			delete(spec.Programs, directProgSysExit)
			return s.loadFunctions(spec, template)
		}
		if where == Functions {
			return fmt.Errorf("attach to functions: %w", err)
		}
	}
	s.attached = Tracepoint
	var err error
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

// loadFunctions loads the program once for each function that this kernel has.
func (s *Sensor) loadFunctions(spec *ebpf.CollectionSpec, template *ebpf.ProgramSpec) error {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return err
	}
	for _, abi := range abis {
		for _, call := range calls {
			var f *btf.Func
			if kernel.TypeByName(abi+call, &f) != nil {
				continue
			}
			p := template.Copy()
			p.AttachTo = abi + call
			spec.Programs[functionPrefix+abi+call] = p
		}
	}
	s.objects, err = ebpf.NewCollection(spec)
	return err
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
		if name == directProgSysExit || strings.HasPrefix(name, functionPrefix) {
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
