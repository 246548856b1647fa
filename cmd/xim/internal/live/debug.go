package live

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// describe tells of the machine and of what hangs where.
func (s *Source) describe() {
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		s.o.Debug("kernel %s, %s", unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:]))
	}
	s.o.Debug("cgroups: %s", hierarchy())
	s.o.Debug("the sensor is attached to %s", map[string]string{
		"functions": "the functions of the system calls", "tracepoint": "the tracepoint at the end of system calls",
	}[s.Attached()])
	seen := "is not seen: this kernel does not let functions be watched"
	if s.sensor.SeesIOUring() {
		seen = "is seen"
	}
	s.o.Debug("io_uring %s", seen)
}

// hierarchy says how cgroups are mounted.
func hierarchy() string {
	var at unix.Statfs_t
	if err := unix.Statfs("/sys/fs/cgroup", &at); err != nil {
		return "none at /sys/fs/cgroup"
	}
	if at.Type == unix.CGROUP2_SUPER_MAGIC {
		return "version 2"
	}
	if _, err := os.Stat("/sys/fs/cgroup/unified"); errors.Is(err, fs.ErrNotExist) {
		return "version 1"
	}
	return "version 1 with a unified hierarchy (hybrid)"
}

// tellAll tells all that was counted.
func (s *Source) tellAll() {
	s.o.Debug("sensor: %+v", s.Stats())
	i := s.look()
	s.o.Debug("feed: %+v", i.feed)
	s.o.Debug("engine: %+v", i.engine)
	if s.asked != nil {
		s.o.Debug("container runtime: %+v", s.asked.Stats())
	}
	s.o.Debug("left out as runtimes' own doing: %d", i.runtimes)
	s.o.Debug("found too late to be told: %d", i.late)
}
