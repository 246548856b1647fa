package kernel

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

func deadline() time.Time { return time.Now().Add(20 * time.Second) }

// eventually waits for something that the kernel does in its own time.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := deadline(); !is(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("not within 20 s")
		}
	}
}

func asNobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}
