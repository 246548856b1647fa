package kernel

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// ErrUnavailable says that the sensor cannot run here, whatever its settings.
var ErrUnavailable = errors.New("the kernel sensor cannot run here")

// kernelTypes is where the kernel tells the layout of its types.
const kernelTypes = "/sys/kernel/btf/vmlinux"

// available tells what is missing before anything is tried: nil, or ErrUnavailable with
// the reason. The kernel may refuse a sensor all the same.
func available() error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("%w: it knows the registers of x86-64 only, this is %s", ErrUnavailable, runtime.GOARCH)
	}
	if _, err := os.Stat(kernelTypes); err != nil {
		return fmt.Errorf("%w: the kernel has no type information (%s; CONFIG_DEBUG_INFO_BTF)", ErrUnavailable, kernelTypes)
	}
	if lockedDown() {
		return fmt.Errorf("%w: the kernel is locked down (confidentiality), programs may not read its memory", ErrUnavailable)
	}
	if missing := missingCapabilities(); len(missing) > 0 {
		return fmt.Errorf("%w: this process lacks %s; run it as root, or give it these capabilities",
			ErrUnavailable, strings.Join(missing, " and "))
	}
	return nil
}

// lockedDown tells whether programs may not read the kernel's memory.
func lockedDown() bool {
	text, err := os.ReadFile("/sys/kernel/security/lockdown")
	return err == nil && strings.Contains(string(text), "[confidentiality]")
}

// missingCapabilities names those that this process lacks. CAP_SYS_ADMIN stands for
// all of them.
func missingCapabilities() (missing []string) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if unix.Capget(&header, &sets[0]) != nil {
		return nil // the kernel will say
	}
	has := func(capability int) bool { return sets[capability/32].Effective&(1<<(capability%32)) != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil
	}
	if !has(unix.CAP_BPF) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_PERFMON) {
		missing = append(missing, "CAP_PERFMON")
	}
	return missing
}

// explain says what a refusal of the kernel's may mean.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: the kernel refuses it (is it in a container without CAP_BPF and CAP_PERFMON, or forbidden by a security module?): %w", ErrUnavailable, err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("no memory for the sensor's maps (lower objects, deeds or ring): %w", err)
	case errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSUP):
		return fmt.Errorf("%w: the kernel is too old or lacks a part (Linux 5.17 with BTF tracepoints is wanted): %w", ErrUnavailable, err)
	}
	return err
}
