package containers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// hierarchies are the directories at which cgroups are mounted: one, or with cgroups v1
// one for some controllers each.
func hierarchies() ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var dirs []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// 36 35 98:0 /root /mount/point options - type source options
		mount, filesystem, _ := strings.Cut(lines.Text(), " - ")
		if f := strings.Fields(mount); strings.HasPrefix(filesystem, "cgroup") && len(f) > 4 {
			dirs = append(dirs, f[4])
		}
	}
	return dirs, lines.Err()
}

// processes are those in a cgroup, by their ids in this process's namespace. A cgroup
// that is not there has none.
func processes(cgroup string) ([]int, error) {
	dirs, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, cgroup, "cgroup.procs"))
		// It may go while it is read: ENODEV.
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var pids []int
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", cgroup, err)
			}
			pids = append(pids, pid)
		}
		return pids, nil
	}
	return nil, nil
}

// removeCgroups removes a cgroup and all below it, in each hierarchy. Their processes
// are dead, but the last of them may just be on its way out of it.
func removeCgroups(ctx context.Context, cgroup string) error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	var below []string
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(dir, cgroup), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				below = append(below, path)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, path := range slices.Backward(below) {
		err := poll(ctx, func() (bool, error) {
			err := syscall.Rmdir(path)
			if errors.Is(err, syscall.EBUSY) {
				return false, nil
			}
			return true, err
		})
		if err != nil {
			return fmt.Errorf("remove cgroup %s: %w", path, err)
		}
	}
	return nil
}
