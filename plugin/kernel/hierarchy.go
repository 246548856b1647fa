package kernel

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// The controllers of cgroup v1 by which containers are told apart, the best first:
// every runtime puts its containers into these.
var controllers = []string{"pids", "memory", "cpu", "devices", "freezer", "blkio", "cpuset"}

// cgroupHierarchy tells which of a task's cgroups names its container: where a
// controller hangs in a hierarchy of its own (cgroup v1, or a hybrid) the number of
// that controller and 1, else 0 for the unified one.
func cgroupHierarchy() (uint32, error) {
	f, err := os.Open("/proc/cgroups")
	if os.IsNotExist(err) { // a kernel without cgroup v1
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	defer f.Close()
	name := separateController(f)
	if name == "" {
		return 0, nil
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, err
	}
	var ids *btf.Enum
	if err := kernel.TypeByName("cgroup_subsys_id", &ids); err != nil {
		return 0, fmt.Errorf("find the cgroup controllers' numbers: %w", err)
	}
	for _, v := range ids.Values {
		if v.Name == name+"_cgrp_id" || v.Name == v1Name[name]+"_cgrp_id" {
			return uint32(v.Value) + 1, nil
		}
	}
	return 0, fmt.Errorf("the kernel knows no number for the cgroup controller %s", name)
}

// v1Name is how a controller is named where its own name is another.
var v1Name = map[string]string{"blkio": "io"}

// separateController finds the best controller in /proc/cgroups that is not in the
// unified hierarchy, "" for none. The columns are name, hierarchy, number of cgroups,
// enabled; the unified hierarchy is 0.
func separateController(procCgroups io.Reader) string {
	var separate []string
	lines := bufio.NewScanner(procCgroups)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) == 4 && f[0][0] != '#' && f[1] != "0" && f[3] == "1" {
			separate = append(separate, f[0])
		}
	}
	for _, name := range controllers {
		if slices.Contains(separate, name) {
			return name
		}
	}
	return ""
}
