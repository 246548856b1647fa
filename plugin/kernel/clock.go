package kernel

import (
	"time"

	"golang.org/x/sys/unix"
)

// A clock turns the kernel's time since boot into time since the epoch.
type clock struct{ offset int64 }

func newClock() (c clock) {
	c.set()
	return c
}

// set looks at both clocks; the wall's may have been set since.
func (c *clock) set() {
	var boot unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) == nil {
		c.offset = time.Now().UnixNano() - boot.Nano()
	}
}

func (c *clock) wall(boot uint64) int64 { return int64(boot) + c.offset }
