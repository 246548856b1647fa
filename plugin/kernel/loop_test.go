package kernel

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loopVariable makes a copy of the test program run system calls in a loop: the
// sensor leaves out the process that opened it.
const loopVariable = "XIM_KERNEL_LOOP"

func TestMain(m *testing.M) {
	if name := os.Getenv(actorVariable); name != "" {
		act(name)
		return
	}
	if call := os.Getenv(loopVariable); call != "" {
		runLoop(call, os.Args[1])
		return
	}
	os.Exit(m.Run())
}

// runLoop does as many calls as each line of standard input says, and answers with
// the nanoseconds that one took.
func runLoop(call, path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	number, buf := uintptr(unix.SYS_PREAD64), make([]byte, 1)
	if call == "write" {
		number, buf = unix.SYS_PWRITE64, make([]byte, 512)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var n int
		fmt.Sscan(lines.Text(), &n)
		start := time.Now()
		for range n {
			r, _, e := unix.RawSyscall6(number, f.Fd(), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
			if int(r) != len(buf) {
				panic(e)
			}
		}
		fmt.Println(float64(time.Since(start).Nanoseconds()) / float64(n))
	}
}

func startLoop(b *testing.B, call, path string) func(n int) float64 {
	b.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), loopVariable+"="+call)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	return func(n int) (ns float64) {
		fmt.Fprintln(in, n)
		if _, err := fmt.Fscan(out, &ns); err != nil {
			b.Fatal(err)
		}
		return ns
	}
}
