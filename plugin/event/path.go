package event

import (
	"slices"
	"strings"
)

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
		return onDevtmpfs(path)
	}
	return false
}

// OwnDescriptor tells whether a path names a descriptor of some process, which may
// be a terminal, a pipe or any file.
func OwnDescriptor(path string) bool {
	switch path {
	case "/dev/stdin", "/dev/stdout", "/dev/stderr":
		return true
	}
	return under(path, "/dev/fd") || behindProc(path) == somewhere
}

// OnProcOrSys tells whether a path itself, followed nowhere, lies on procfs or
// sysfs.
func OnProcOrSys(path string) bool {
	return under(path, "/sys") || under(path, "/proc") && behindProc(path) == path
}

// deviceFolders are those below /dev that hold devices, or nothing for data.
var deviceFolders = []string{
	"block", "bsg", "bus", "char", "cpu", "disk", "dma_heap", "dri", "infiniband", "input",
	"mapper", "net", "pts", "raw", "snd", "usb", "v4l", "vfio", "vhost", "virtio-ports",
}

// onDevtmpfs tells whether a path below /dev is a device's. What lies in another
// folder, such as /dev/shm, is a volume or a file system for data of its own.
func onDevtmpfs(path string) bool {
	name, rest, inFolder := strings.Cut(strings.TrimPrefix(path[len("/dev"):], "/"), "/")
	if inFolder && rest != "" {
		return slices.Contains(deviceFolders, name)
	}
	switch name {
	case "stdin", "stdout", "stderr": // the process's own descriptors
		return false
	case "termination-log": // a file that Kubernetes mounts into a pod
		return false
	}
	return true
}

// somewhere stands for a path that leads anywhere but to procfs.
const somewhere = "/."

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
		case "exe":
			return somewhere
		case "cwd", "fd", "map_files":
			if !more {
				return path // the link's folder, or the link itself
			}
			return "/."
		default:
			return path
		}
	}
}

// procfsNames are the entries of procfs below a process and below sys that
// detached takes for procfs's.
var procfsNames = []string{
	"attr", "cgroup", "cmdline", "comm", "cwd", "environ", "exe", "fd", "fdinfo", "gid_map", "limits",
	"loginuid", "map_files", "maps", "mem", "mountinfo", "mounts", "ns", "oom_score_adj", "projid_map",
	"root", "sessionid", "setgroups", "smaps", "stat", "statm", "status", "task", "uid_map",
	"abi", "debug", "dev", "fs", "kernel", "net", "user", "vm",
}

// detached gives a path its /proc back where libsinsp did not know the folder that
// it is relative to, and it reads as one of procfs: runtimes use a procfs of their
// own that is mounted nowhere.
func detached(path string) string {
	rest, ok := strings.CutPrefix(path, "<UNKNOWN>")
	if !ok {
		return path
	}
	first, below, _ := strings.Cut(rest, "/")
	second, _, _ := strings.Cut(below, "/")
	if (isPID(first) || first == "sys") && slices.Contains(procfsNames, second) {
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
