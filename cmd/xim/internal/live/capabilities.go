package live

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DropCapabilities gives up, in every thread and for good, all that this process may do
// beyond its user, but for the one capability that an open Source goes on using: its
// counters are read, and objects forgotten, through system calls that want CAP_BPF
// (or what stands for it where that is all there is).
//
// It works in programs built without cgo only.
func DropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("read the capabilities: %w", err)
	}
	keep := unix.CAP_BPF
	if !holds(&sets, keep) {
		keep = unix.CAP_SYS_ADMIN
	}
	held := holds(&sets, keep)
	sets = [2]unix.CapUserData{}
	if held {
		bit := uint32(1) << (keep % 32)
		sets[keep/32].Permitted, sets[keep/32].Effective = bit, bit
	}
	// First this: whoever may not gain privileges cannot get them back by executing
	// something as root.
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("set no_new_privs: %w", errno)
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0); errno != 0 {
		return fmt.Errorf("give up capabilities: %w", errno)
	}
	return nil
}

func holds(sets *[2]unix.CapUserData, capability int) bool {
	return sets[capability/32].Effective&(1<<(capability%32)) != 0
}
