package kernel

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// The system calls that are looked at, as their functions in the kernel are named.
var calls = []string{
	"read", "readv", "pread64", "preadv", "preadv2", "ia32_pread64",
	"write", "writev", "pwrite64", "pwritev", "pwritev2", "ia32_pwrite64",
	"sendfile", "sendfile64", "splice", "copy_file_range",
	"mmap", "mmap_pgoff", "ia32_mmap",
	"open", "openat", "openat2", "creat", "open_by_handle_at",
	"ftruncate", "ftruncate64", "ia32_ftruncate64",
	"ioctl", "io_submit", "vmsplice", "tee",
	"preadv64", "preadv64v2", "pwritev64", "pwritev64v2", // x32
}

// What stands before a call's name: of 64 bits, and of 32, where the calls whose
// arguments differ have functions of their own.
var abis = []string{"__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_", "__x64_compat_sys_"}

// callFunctions lists the functions of this kernel behind the calls. It is an error
// where programs cannot be put on all of them, since its type information lacks some.
func callFunctions() ([]string, error) {
	wanted := map[string]bool{}
	for _, abi := range abis {
		for _, call := range calls {
			wanted[abi+call] = true
		}
	}
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	there, err := symbols(f, wanted)
	if err != nil {
		return nil, err
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("no function of a system call is in /proc/kallsyms: %w", ebpf.ErrNotSupported)
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, err
	}
	for _, name := range there {
		var typ *btf.Func
		if err := kernel.TypeByName(name, &typ); err != nil {
			return nil, fmt.Errorf("the kernel's type information lacks %s: %w", name, ebpf.ErrNotSupported)
		}
	}
	return there, nil
}

// symbols finds those of the wanted ones that the kernel has. The columns are
// address, kind, name, and for a module's its name.
func symbols(kallsyms io.Reader, wanted map[string]bool) (there []string, err error) {
	lines := bufio.NewScanner(kallsyms)
	for lines.Scan() {
		_, name, _ := strings.Cut(lines.Text(), " ")
		_, name, _ = strings.Cut(name, " ")
		if wanted[name] {
			there = append(there, name)
			delete(wanted, name)
		}
	}
	return there, lines.Err()
}
