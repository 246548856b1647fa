package event

import "strings"

// Pseudo tells whether a path leads to no object: onto procfs, sysfs, cgroupfs
// or devtmpfs. Where the device is known (not 0) and belongs to a disk, or the
// file lies on an overlay, the path proves nothing and the answer is no: a volume
// can be mounted below /sys as anywhere else.
func Pseudo(path string, device uint32, overlay bool) bool {
	if overlay || major(device) != 0 {
		return false
	}
	path = behindProc(detached(path))
	switch {
	case under(path, "/proc"), under(path, "/sys"):
		return true
	case under(path, "/dev"):
		return !leadsOut(path)
	}
	return false
}

// OnProcOrSys tells whether a path itself, followed nowhere, lies on procfs or
// sysfs.
func OnProcOrSys(path string) bool {
	return under(path, "/sys") || under(path, "/proc") && behindProc(path) == path
}

// leadsOut tells whether a path below /dev is on a file system for data, or a
// name for one of the process's own descriptors.
func leadsOut(path string) bool {
	for _, dir := range [...]string{"/dev/shm", "/dev/mqueue", "/dev/hugepages", "/dev/fd"} {
		if under(path, dir) && path != dir {
			return true
		}
	}
	switch path {
	case "/dev/stdin", "/dev/stdout", "/dev/stderr":
		return true
	}
	return false
}

// behindProc follows /proc/PID/root and its like, which lead to real files, as
// often as they stand one behind the other.
func behindProc(path string) string {
	for {
		rest, ok := strings.CutPrefix(path, "/proc/")
		if !ok {
			return path
		}
		pid, rest, _ := strings.Cut(rest, "/")
		if !isPID(pid) {
			return path
		}
		if r, ok := strings.CutPrefix(rest, "task/"); ok {
			if tid, r, _ := strings.Cut(r, "/"); isPID(tid) {
				rest = r
			}
		}
		link, rest, more := strings.Cut(rest, "/")
		switch link {
		case "root":
			path = "/" + rest
		case "cwd", "fd", "map_files":
			if !more {
				return path // the link's folder, or the link itself
			}
			return "/." // somewhere, and not on procfs
		default:
			return path
		}
	}
}

// detached gives a path its /proc back where libsinsp did not know the folder that
// it is relative to, and it reads as one of procfs: runtimes use a procfs of their
// own that is mounted nowhere.
func detached(path string) string {
	rest, ok := strings.CutPrefix(path, "<UNKNOWN>")
	if !ok {
		return path
	}
	if first, _, _ := strings.Cut(rest, "/"); isPID(first) || first == "sys" {
		return "/proc/" + rest
	}
	return path
}

func isPID(s string) bool {
	if s == "self" || s == "thread-self" {
		return true
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

func under(path, dir string) bool {
	return strings.HasPrefix(path, dir) && (len(path) == len(dir) || path[len(dir)] == '/')
}

// major is the major number of a device as the kernel encodes it; it is 0 for
// file systems without a disk.
func major(device uint32) uint32 { return device >> 8 & 0xfff }
