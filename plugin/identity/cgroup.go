package identity

import "strings"

const (
	fullIDLen  = 64 // hexadecimal digits of a container's id
	shortIDLen = 12 // of them, how many name it
)

// A Container is what a cgroup path tells of the threads in it.
type Container struct {
	// ID is the first 12 of the id's 64 hexadecimal digits, empty for none.
	ID string
	// PodUID is the uid of the pod the container is in, empty for none: with dashes,
	// as Kubernetes shows it, or the 32 digits of a pod from a manifest file.
	PodUID string
}

// What stands before the dash and the id in the name of a container's cgroup; the
// suffix .scope follows where systemd makes the cgroup. What is not in here makes no
// container; above all not the monitors that work for one from outside, in
// crio-conmon-<id>.scope and libpod-conmon-<id>.scope.
var runtimePrefixes = [...]string{
	"docker",
	"cri-containerd",
	"crio",
	"libpod",
	"libpod-payload", // where podman splits a service's own cgroup
	"nerdctl",
	"runc",
	"crun",
}

// FromCgroup finds the container in one cgroup path, as in the third column of
// /proc/PID/cgroup. It answers false for a path that holds none: a systemd unit, a
// login session, and a pod's own cgroup too, since what runs in a pod but in none of
// its containers is the runtime's (a monitor, a virtual machine).
//
// Of containers in containers the innermost counts: that is where the process is.
// The cgroups that a container makes below its own, as systemd does in one, belong
// to it. The pod is the innermost one around that container.
//
// The result shares no memory with path. A path without a container costs no
// allocation.
func FromCgroup(path string) (Container, bool) {
	// The kernel adds this where the cgroup went before its last thread.
	rest := strings.TrimSuffix(path, " (deleted)")
	for len(rest) >= fullIDLen {
		var name string
		rest, name = cutLast(rest)
		id := containerID(name)
		if id == "" {
			continue
		}
		// A pod may stand in the same name: ...-pod<uid>.slice:cri-containerd:<id>
		pod := podUID(name)
		for pod == "" && rest != "" {
			rest, name = cutLast(rest)
			pod = podUID(name)
		}
		return Container{ID: strings.Clone(id[:shortIDLen]), PodUID: withDashes(pod)}, true
	}
	return Container{}, false
}

// cutLast splits a path at its last slash.
func cutLast(path string) (rest, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// containerID returns the 64 digits in the name of a container's cgroup, or "".
func containerID(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		// A runtime that was told slice:runtime:id, as systemd wants it, but makes the
		// cgroup itself takes the three for one name.
		if j := strings.LastIndexByte(name[:i], ':'); j >= 0 && isRuntime(name[j+1:i]) {
			return fullID(name[i+1:])
		}
		return ""
	}
	unit, scope := strings.CutSuffix(name, ".scope")
	if len(unit) == fullIDLen && !scope {
		return fullID(unit)
	}
	if i := len(unit) - fullIDLen - 1; i > 0 && unit[i] == '-' && isRuntime(unit[:i]) {
		return fullID(unit[i+1:])
	}
	return ""
}

func fullID(s string) string {
	if len(s) == fullIDLen && isHex(s) {
		return s
	}
	return ""
}

func isRuntime(name string) bool {
	for _, r := range runtimePrefixes {
		if r == name {
			return true
		}
	}
	return false
}

// podUID returns the uid in the name of a pod's cgroup as it is written there, or
// "". The forms are pod<uid> and, by systemd, kubepods-<class>-pod<uid>.slice, the
// latter with "_" for "-" in the uid.
func podUID(name string) string {
	name, _, _ = strings.Cut(name, ":")
	if uid, ok := strings.CutPrefix(name, "pod"); ok && isUID(uid, '-') {
		return uid
	}
	name, ok := strings.CutSuffix(name, ".slice")
	if !ok || !strings.Contains(name, "kubepods") {
		return ""
	}
	if i := strings.LastIndex(name, "-pod"); i >= 0 && isUID(name[i+len("-pod"):], '_') {
		return name[i+len("-pod"):]
	}
	return ""
}

// isUID tells a pod's uid: 8-4-4-4-12 digits, or 32 of them with nothing between.
func isUID(s string, sep byte) bool {
	switch len(s) {
	case 32:
		return isHex(s)
	case 36:
		return s[8] == sep && s[13] == sep && s[18] == sep && s[23] == sep &&
			isHex(s[:8]) && isHex(s[9:13]) && isHex(s[14:18]) && isHex(s[19:23]) && isHex(s[24:])
	}
	return false
}

// withDashes returns a copy of a uid, with "-" for "_".
func withDashes(uid string) string {
	if strings.IndexByte(uid, '_') < 0 {
		return strings.Clone(uid)
	}
	return strings.ReplaceAll(uid, "_", "-")
}

// isHex tells lower-case hexadecimal digits: no runtime writes upper-case ones.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
