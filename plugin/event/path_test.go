package event

import "testing"

// Devices as the kernel encodes them: major<<8 | minor.
const (
	noDevice = 0          // unknown
	disk     = 8<<8 | 1   // sda1
	largeDev = 259<<8 | 3 // nvme
	anon     = 0x2f       // a file system without a disk: procfs, tmpfs, overlay, btrfs
	largeMin = 0xfff00000 // a file system without a disk, of a large minor number
)

func TestPseudo(t *testing.T) {
	for _, tc := range []struct {
		path string
		want bool
	}{
		{"/proc", true},
		{"/proc/", true},
		{"/proc/meminfo", true},
		{"/proc/1/status", true},
		{"/proc/1/task/2/stat", true},
		{"/proc/self/mounts", true},
		{"/proc/sys/kernel/hostname", true},
		{"/proc/1", true},
		{"/proc/1/fdinfo/3", true},
		{"/proc/1/rootless", true},
		{"/processes", false},
		{"/proce", false},
		{"/data/proc/1/status", false},

		// links of procfs that lead to real files
		{"/proc/1/root", false},
		{"/proc/1/root/etc/passwd", false},
		{"/proc/self/root/etc/passwd", false},
		{"/proc/thread-self/root/etc/passwd", false},
		{"/proc/1/task/2/root/etc/passwd", false},
		{"/proc/self/task/77/root/data", false},
		{"/proc/1/cwd/x", false},
		{"/proc/1/task/2/cwd/x", false},
		{"/proc/1/fd/3", false},
		{"/proc/1/task/2/fd/3", false},
		{"/proc/1/map_files/400000-401000", false},
		{"/proc/1/exe", false},
		{"/proc/self/exe", false},
		{"/proc/1/task/2/exe", false},

		// the folders of those links, and what is no link
		{"/proc/1/fd", true},
		{"/proc/1/map_files", true},
		{"/proc/1/cwd", true},
		{"/proc/root/x", true},
		{"/proc/x1/root/etc/passwd", true},
		{"/proc/1/task/x/root/etc/passwd", true},

		// one behind the other
		{"/proc/1/root/proc/meminfo", true},
		{"/proc/1/root/sys/kernel", true},
		{"/proc/1/root/dev/null", true},
		{"/proc/1/root/dev/shm/x", false},
		{"/proc/1/root/proc/2/root/etc/passwd", false},
		{"/proc/1/root/proc/2/root/proc/3/status", true},
		{"/proc/1/root/proc/2/fd/3", false},
		{"/proc/1/root/proc/2/exe", false},
		{"/proc/1/cwd/proc/meminfo", false}, // whatever the folder is

		{"/sys", true},
		{"/sys/fs/cgroup/x/memory.max", true},
		{"/sys/kernel/mm", true},
		{"/sysfoo", false},
		{"/system/x", false},
		{"/srv/sys/x", false},

		{"/dev", true},
		{"/dev/null", true},
		{"/dev/sda", true},
		{"/dev/pts/0", true},
		{"/dev/shm", true},
		{"/dev/shm/x", false},
		{"/dev/shm/a/b", false},
		{"/dev/shmx", true},
		{"/dev/mqueue/x", false},
		{"/dev/hugepages/x", false},
		{"/dev/fd/3", false},
		{"/dev/stdin", false},
		{"/dev/stdout", false},
		{"/dev/stderr", false},
		{"/dev/stdinx", true},
		{"/development", false},

		{"", false},
		{"/", false},
		{"/data/x", false},
		{"relative/proc", false},
	} {
		if got := Pseudo(tc.path, noDevice, false); got != tc.want {
			t.Errorf("Pseudo(%q) = %t", tc.path, got)
		}
		for _, device := range []uint32{anon, largeMin} {
			if got := Pseudo(tc.path, device, false); got != tc.want {
				t.Errorf("Pseudo(%q) = %t on device %#x, which is no disk", tc.path, got, device)
			}
		}
		for _, device := range []uint32{disk, largeDev} {
			if Pseudo(tc.path, device, false) {
				t.Errorf("Pseudo(%q) on a disk's device: a volume may be mounted anywhere", tc.path)
			}
		}
		if Pseudo(tc.path, anon, true) {
			t.Errorf("Pseudo(%q) on an overlay: that is a container's own file", tc.path)
		}
	}
}

// A path that says itself that it lies on procfs or sysfs: its device is taken to
// hold nothing but pseudo files, so no link may pass.
func TestOnProcOrSys(t *testing.T) {
	for path, want := range map[string]bool{
		"/proc/meminfo":       true,
		"/proc/1/status":      true,
		"/sys/kernel/x":       true,
		"/proc/1/root/x":      false,
		"/proc/1/root":        false,
		"/proc/1/cwd/x":       false,
		"/proc/1/fd/3":        false,
		"/proc/self/exe":      false,
		"/proc/1/task/2/exe":  false,
		"/proc/1/map_files/x": false,
		"/dev/null":           false,
		"/dev/shm/x":          false,
		"/data":               false,
		"":                    false,
	} {
		if got := OnProcOrSys(path); got != want {
			t.Errorf("OnProcOrSys(%q) = %t", path, got)
		}
	}
}

func FuzzPseudo(f *testing.F) {
	for _, path := range []string{"/proc/1/root/proc/2/task/3/root/x", "/dev/shm/x", "<UNKNOWN>1/status", "/sys"} {
		f.Add(path, uint32(anon), false)
	}
	f.Fuzz(func(t *testing.T, path string, device uint32, overlay bool) {
		pseudo := Pseudo(path, device, overlay)
		if pseudo && (overlay || major(device) != 0) {
			t.Errorf("%q on device %#x, overlay %t", path, device, overlay)
		}
		if behind := Pseudo("/proc/1/root"+path, device, overlay); len(path) > 0 && path[0] == '/' && behind != pseudo {
			t.Errorf("%q is %t, behind a root %t", path, pseudo, behind)
		}
	})
}
