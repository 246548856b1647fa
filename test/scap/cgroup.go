package scap

import (
	"crypto/sha256"
	"encoding/hex"
)

// ID makes a container's id, 64 hex digits, out of a name that a person can read.
func ID(name string) string {
	sum := sha256.Sum256([]byte("container " + name))
	return hex.EncodeToString(sum[:])
}

// UID makes a pod's uid out of a name.
func UID(name string) string {
	sum := sha256.Sum256([]byte("pod " + name))
	h := hex.EncodeToString(sum[:])
	return h[0:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// CgroupPath is where a runtime puts a container: below its pod as Kubernetes does with
// the cgroupfs driver, else as Docker does. The host is "/".
func CgroupPath(container, pod string) string {
	switch {
	case container == "":
		return "/"
	case pod == "":
		return "/docker/" + container
	default:
		return "/kubepods/besteffort/pod" + pod + "/" + container
	}
}

// cgroups is the list that the driver sends: one path, under each controller.
func cgroups(path string) []byte {
	var list []string
	for _, controller := range []string{"cpuset", "cpu", "cpuacct", "io", "memory"} {
		list = append(list, controller+"="+path)
	}
	return Strs(list...)
}
