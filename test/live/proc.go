package live

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/xim-monitor/xim/test/scap"
)

// Tell puts running processes into the host's thread table, with their threads of this
// moment, as a live host's look at /proc would, and their ancestors; each once.
func (h *Host) Tell(pids ...int) {
	h.t.Helper()
	for _, pid := range pids {
		if h.told[pid] {
			continue
		}
		h.told[pid] = true
		p, threads, err := read(pid)
		if err != nil {
			h.t.Fatal(err)
		}
		if p.PPID > 0 {
			h.Tell(int(p.PPID))
		}
		h.Know(append([]scap.Proc{p}, threads...)...)
	}
}

// Know puts threads into the host's thread table, whether they are there or not: the
// first of a process before its others. What is used of a Proc are its ids but for the
// virtual ones, its user, Comm, Exe, ExePath and the cgroup, by Cgroup or by Container
// and Pod; nothing else has a likely value.
func (h *Host) Know(procs ...scap.Proc) {
	h.t.Helper()
	h.Send(func(w *scap.Writer) {
		for _, p := range procs {
			w.Async("process", thread(p))
		}
	})
}

// thread is a thread as the engine wants it.
func thread(p scap.Proc) string {
	p.PID, p.TID = cmp.Or(p.PID, p.TID), cmp.Or(p.TID, p.PID)
	p.Cgroup = cmp.Or(p.Cgroup, scap.CgroupPath(p.Container, p.Pod))
	return strings.Join([]string{
		fmt.Sprint(p.TID), fmt.Sprint(p.PID), fmt.Sprint(cmp.Or(p.PPID, 1)), fmt.Sprint(p.UID), fmt.Sprint(p.GID),
		p.Comm, p.Exe, p.ExePath, p.Cgroup, "",
	}, "\x00")
}

// read reads a process from /proc, and the threads that it has besides the first.
func read(pid int) (p scap.Proc, threads []scap.Proc, err error) {
	dir := fmt.Sprintf("/proc/%d", pid)
	status, err := fields(dir + "/status")
	if err != nil {
		return p, nil, err
	}
	cmdline, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return p, nil, err
	}
	cgroup, err := os.ReadFile(dir + "/cgroup")
	if err != nil {
		return p, nil, err
	}
	args := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00")
	_, path, _ := strings.Cut(strings.TrimSpace(string(cgroup)), "::")
	p = scap.Proc{
		PID: int64(pid), PPID: number(status["PPid"], 0), Comm: status["Name"],
		Exe: args[0], Cgroup: path,
		UID: uint32(number(status["Uid"], 1)), GID: uint32(number(status["Gid"], 1)), // the effective ones
	}
	p.ExePath, _ = os.Readlink(dir + "/exe") // a kernel thread has none
	tasks, err := filepath.Glob(dir + "/task/*")
	if err != nil {
		return p, nil, err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil || tid == pid {
			continue
		}
		status, err := fields(task + "/status")
		if err != nil {
			continue // it has ended meanwhile
		}
		t := p
		t.TID, t.Comm = int64(tid), status["Name"]
		threads = append(threads, t)
	}
	return p, threads, nil
}

// fields reads lines of the form "Name:\tvalue".
func fields(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		all[name] = strings.TrimSpace(value)
	}
	return all, nil
}

// number is the nth number of a list; 0 is none.
func number(list string, n int) int64 {
	all := strings.Fields(list)
	if n >= len(all) {
		return 0
	}
	v, _ := strconv.ParseInt(all[n], 10, 64)
	return v
}
