package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An actor is a process of its own name that does what it is told: a copy of the
// test program.
type actor struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	in   *bufio.Writer
	out  *bufio.Scanner
}

const actorVariable = "XIM_KERNEL_ACTOR"

// newActor starts an actor. Files that it is given are its descriptors from 3 on.
func newActor(t testing.TB, name string, files ...*os.File) *actor {
	t.Helper()
	a := &actor{t: t, name: name, cmd: exec.Command(os.Args[0])}
	a.cmd.Env = append(os.Environ(), actorVariable+"="+name)
	a.cmd.Stderr = os.Stderr
	a.cmd.ExtraFiles = files
	in, err := a.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	a.in, a.out = bufio.NewWriter(in), bufio.NewScanner(out)
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); a.cmd.Wait() })
	a.do("nothing")
	return a
}

// do has the actor do one thing and waits for it.
func (a *actor) do(words ...string) {
	a.t.Helper()
	if answer := a.try(words...); answer != "ok" {
		a.t.Fatalf("%s %q: %s", a.name, words, answer)
	}
}

func (a *actor) try(words ...string) (answer string) {
	a.t.Helper()
	fmt.Fprintln(a.in, strings.Join(words, "\t"))
	if err := a.in.Flush(); err != nil {
		a.t.Fatal(err)
	}
	if !a.out.Scan() {
		a.t.Fatalf("%s ended before it answered %q", a.name, words)
	}
	return a.out.Text()
}

// act is an actor's life.
func act(name string) {
	// The test binary's own name is the program's: the thread group's leader has the
	// name that counts.
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/comm", os.Getpid()), []byte(name), 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Split(lines.Text(), "\t")
		answer := "ok"
		if err := perform(words[0], words[1:]); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

// perform does one thing. The first argument is a file; where it is a number, it is
// a descriptor that was inherited.
func perform(what string, args []string) error {
	switch what {
	case "nothing":
		return nil
	case "rename":
		return os.Rename(args[0], args[1])
	case "link":
		return os.Link(args[0], args[1])
	case "remove":
		return os.Remove(args[0])
	case "exec":
		return exec.Command(args[0]).Run()
	case "all":
		return performAll(args[0], args[1], args[2])
	case "open-sensor":
		_, err := Open(Options{})
		return err
	case "cat":
		return exec.Command("cat", args[0]).Run()
	case "keep-shared":
		return with(args[0], os.O_RDWR, func(fd int) error {
			_, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			return err
		})
	case "write-as":
		uid, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		if err := unix.Chmod(args[0], 0o666); err != nil {
			return err
		}
		if err := unix.Setuid(uid); err != nil {
			return err
		}
		return perform("write", args)
	case "exec32":
		return executeCalls32(args[0], args[1])
	}
	if read, ok := readers[what]; ok {
		return with(args[0], os.O_RDONLY, read)
	}
	if write, ok := writers[what]; ok {
		return with(args[0], os.O_RDWR, write)
	}
	if other, ok := others[what]; ok {
		flags := os.O_RDWR
		if what == "vmsplice" {
			flags = os.O_RDONLY
		}
		return with(args[0], flags, other)
	}
	if open, ok := openers[what]; ok {
		fd, err := open(args[0])
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	}
	return fmt.Errorf("no actor can %s", what)
}

// performAll reads or writes the files 0 to n of a directory, at full speed.
func performAll(what, dir, n string) error {
	files, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	flags, do := unix.O_RDONLY, readers["read"]
	if what == "write" {
		flags, do = unix.O_WRONLY|unix.O_CREAT, writers["write"]
	}
	for i := range files {
		fd, err := unix.Open(filepath.Join(dir, strconv.Itoa(i)), flags|unix.O_CLOEXEC, 0o600)
		if err == nil {
			err = do(fd)
			unix.Close(fd)
		}
		if err != nil {
			return fmt.Errorf("file %d: %w", i, err)
		}
	}
	return nil
}

// with opens a file as it is, and hands its descriptor over.
func with(path string, flags int, do func(fd int) error) error {
	var fd int
	if _, err := fmt.Sscanf(path, "%d", &fd); err == nil {
		return do(fd)
	}
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	return do(fd)
}

// moved turns the result of a call that is to move bytes into an error.
func moved(n int, err error) error {
	if err == nil && n <= 0 {
		return errors.New("no byte was moved")
	}
	return err
}

func buffer() []byte { return []byte("some bytes") }

// readers are the ways to read.
var readers = map[string]func(fd int) error{
	"read":    func(fd int) error { return moved(unix.Read(fd, buffer())) },
	"pread":   func(fd int) error { return moved(unix.Pread(fd, buffer(), 0)) },
	"readv":   func(fd int) error { return moved(unix.Readv(fd, [][]byte{buffer()})) },
	"preadv":  func(fd int) error { return moved(unix.Preadv(fd, [][]byte{buffer()}, 0)) },
	"preadv2": func(fd int) error { return moved(unix.Preadv2(fd, [][]byte{buffer()}, 0, 0)) },
	"sendfile": func(fd int) error {
		return toPipe(func(out int) (int, error) { return unix.Sendfile(out, fd, nil, 10) })
	},
	"splice": func(fd int) error {
		return toPipe(func(out int) (int, error) {
			n, err := unix.Splice(fd, nil, out, nil, 10, 0)
			return int(n), err
		})
	},
	"copy_file_range": func(fd int) error {
		return toFile(func(out int) (int, error) { return unix.CopyFileRange(fd, nil, out, nil, 10, 0) })
	},
	"mmap":     func(fd int) error { return mapped(fd, unix.PROT_READ, unix.MAP_PRIVATE) },
	"aio":      func(fd int) error { return moved(aioRead(fd, buffer())) },
	"io_uring": func(fd int) error { return moved(uringRead(fd, buffer())) },
}

// others are ways that go by another name, or that not every file has.
var others = map[string]func(fd int) error{
	"mmap-private": func(fd int) error { return mapped(fd, unix.PROT_WRITE, unix.MAP_PRIVATE) },
	"tee": func(fd int) error {
		return toPipe(func(out int) (int, error) {
			n, err := unix.Tee(fd, out, 10, 0)
			return int(n), err
		})
	},
	"vmsplice":    func(fd int) error { return moved(vmsplice(fd)) },
	"vmsplice-to": func(fd int) error { return moved(vmsplice(fd)) },
}

func vmsplice(fd int) (int, error) {
	b := buffer()
	v := unix.Iovec{Base: &b[0]}
	v.SetLen(len(b))
	return unix.Vmsplice(fd, []unix.Iovec{v}, 0)
}

// writers are the ways to write.
var writers = map[string]func(fd int) error{
	"write":    func(fd int) error { return moved(unix.Write(fd, buffer())) },
	"pwrite":   func(fd int) error { return moved(unix.Pwrite(fd, buffer(), 0)) },
	"writev":   func(fd int) error { return moved(unix.Writev(fd, [][]byte{buffer()})) },
	"pwritev":  func(fd int) error { return moved(unix.Pwritev(fd, [][]byte{buffer()}, 0)) },
	"pwritev2": func(fd int) error { return moved(unix.Pwritev2(fd, [][]byte{buffer()}, 0, 0)) },
	"sendfile-to": func(fd int) error {
		return fromFile(func(in int) (int, error) { return unix.Sendfile(fd, in, nil, 10) })
	},
	"splice-to": func(fd int) error {
		return fromPipe(func(in int) (int, error) {
			n, err := unix.Splice(in, nil, fd, nil, 10, 0)
			return int(n), err
		})
	},
	"copy_file_range-to": func(fd int) error {
		return fromFile(func(in int) (int, error) { return unix.CopyFileRange(in, nil, fd, nil, 10, 0) })
	},
	"mmap-shared": func(fd int) error { return mapped(fd, unix.PROT_WRITE, unix.MAP_SHARED) },
	"ftruncate":   func(fd int) error { return unix.Ftruncate(fd, 0) },
	"write-threads": func(fd int) error {
		return fromThreads(32, func() error { return moved(unix.Pwrite(fd, buffer(), 0)) })
	},
	// The first byte again as it is: a program stays one.
	"touch-up": func(fd int) error {
		b := make([]byte, 1)
		if _, err := unix.Pread(fd, b, 0); err != nil {
			return err
		}
		return moved(unix.Pwrite(fd, b, 0))
	},
	"aio-write":      func(fd int) error { return moved(aioWrite(fd, buffer())) },
	"io_uring-write": func(fd int) error { return moved(uringWrite(fd, buffer())) },
}

// openers are the ways to open that make or empty a file.
var openers = map[string]func(path string) (int, error){
	"truncate": func(path string) (int, error) { return unix.Open(path, unix.O_WRONLY|unix.O_TRUNC, 0) },
	"create":   func(path string) (int, error) { return unix.Open(path, unix.O_WRONLY|unix.O_CREAT, 0o600) },
	"creat": func(path string) (int, error) {
		name, err := unix.BytePtrFromString(path)
		if err != nil {
			return -1, err
		}
		fd, _, e := unix.Syscall(unix.SYS_CREAT, uintptr(unsafe.Pointer(name)), 0o600, 0)
		return int(fd), errOf(e)
	},
	"openat2": func(path string) (int, error) {
		return unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_WRONLY | unix.O_TRUNC})
	},
}

func errOf(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func mapped(fd, prot, flags int) error {
	m, err := unix.Mmap(fd, 0, 4096, prot, flags)
	if err != nil {
		return err
	}
	return unix.Munmap(m)
}

func fromThreads(n int, do func() error) error {
	errs := make(chan error, n)
	for range n {
		go func() { errs <- do() }()
	}
	var all error
	for range n {
		all = errors.Join(all, <-errs)
	}
	return all
}

func toPipe(move func(out int) (int, error)) error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	return moved(move(p[1]))
}

func fromPipe(move func(in int) (int, error)) error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	if _, err := unix.Write(p[1], buffer()); err != nil {
		return err
	}
	return moved(move(p[0]))
}

// toFile and fromFile use a file that nobody else knows.
func toFile(move func(out int) (int, error)) error {
	f, err := os.CreateTemp("", "xim-actor-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	return moved(move(int(f.Fd())))
}

func fromFile(move func(in int) (int, error)) error {
	return toFile(func(fd int) (int, error) {
		if _, err := unix.Pwrite(fd, buffer(), 0); err != nil {
			return 0, err
		}
		return move(fd)
	})
}

// scratchDir makes a directory that every user can enter.
func scratchDir(t testing.TB) string {
	t.Helper()
	d, err := os.MkdirTemp("", "xim-kernel-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(d) })
		err = os.Chmod(d, 0o777)
	}
	if err == nil {
		d, err = filepath.EvalSymlinks(d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}
