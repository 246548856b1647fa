package main

import (
	"bufio"
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the command prints into the golden files of testdata")

// patience is how long a script waits for something that does not come.
const patience = 20 * time.Second

// Each script in testdata is one behaviour of the command. Beside testscript's
// own commands they have:
//
//	start NAME ARGS...            run xim in the background
//	feed NAME FILE                write a file to its standard input
//	expect NAME FILE REGEXP [VAR] wait for a line of its stdout or stderr; VAR is the first group
//	signal NAME SIGNAL            send INT, TERM or KILL
//	finish NAME CODE              end its input, wait for it; its lines are in NAME.out and NAME.err
//	post [-token T] [-gzip] [-tls DIR] URL FILE CODE
//	certs DIR                     make ca.pem, server.pem, client.pem, other.pem and their keys
//	falco NAME ADDRESS [DIR]      a gRPC server as Falco's; see also frames, hangup
//	sink NAME                     a webhook, at $NAME; see also answer, received
//	exit [-unprivileged] CODE ARGS...  run xim; its output is in the files stdout and stderr
//	fetch URL REGEXP              get a page until it matches; it is stdout
//	append [-half] TO FROM, unhex FILE, damage HOW FILE
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "feed": cmdFeed, "expect": cmdExpect, "signal": cmdSignal, "finish": cmdFinish,
			"post": cmdPost, "certs": cmdCerts, "falco": cmdFalco, "frames": cmdFrames, "hangup": cmdHangup,
			"sink": cmdSink, "answer": cmdAnswer, "received": cmdReceived, "exit": cmdExit, "append": cmdAppend, "unhex": cmdUnhex, "damage": cmdDamage, "fetch": cmdFetch,
		},
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "NO_COLOR=1", "HOME="+e.WorkDir)
			e.Values[running{}] = make(map[string]*process)
			e.Values[servers{}] = make(map[string]any)
			return nil
		},
	})
}

type (
	running struct{}
	servers struct{}
)

// process is a command in the background.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *lineLog
	stderr *lineLog
	wait   func() error
}

// lineLog collects lines and lets others wait for one.
type lineLog struct {
	mu    sync.Mutex
	more  *sync.Cond
	lines []string
	next  int // the first line that no expect has passed
	ended bool
}

func collect(r io.Reader) *lineLog {
	l := &lineLog{}
	l.more = sync.NewCond(&l.mu)
	go func() {
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<22)
		for s.Scan() {
			l.mu.Lock()
			l.lines = append(l.lines, s.Text())
			l.mu.Unlock()
			l.more.Broadcast()
		}
		l.mu.Lock()
		l.ended = true
		l.mu.Unlock()
		l.more.Broadcast()
	}()
	return l
}

// find waits for a line that matches, after the last one found.
func (l *lineLog) find(re *regexp.Regexp) []string {
	late := false
	timer := time.AfterFunc(patience, func() {
		l.mu.Lock()
		late = true
		l.mu.Unlock()
		l.more.Broadcast()
	})
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for l.next < len(l.lines) {
			m := re.FindStringSubmatch(l.lines[l.next])
			l.next++
			if m != nil {
				return m
			}
		}
		if l.ended || late {
			return nil
		}
		l.more.Wait()
	}
}

// all waits for the end and returns everything.
func (l *lineLog) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.ended {
		l.more.Wait()
	}
	if len(l.lines) == 0 {
		return ""
	}
	return strings.Join(l.lines, "\n") + "\n"
}

func args(ts *testscript.TestScript, neg bool, args []string, from, to int, usage string) {
	if neg || len(args) < from || len(args) > to {
		ts.Fatalf("usage: %s", usage)
	}
}

func get(ts *testscript.TestScript, name string) *process {
	p := ts.Value(running{}).(map[string]*process)[name]
	if p == nil {
		ts.Fatalf("nothing called %s runs", name)
	}
	return p
}

func cmdStart(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 100, "start NAME ARGS...")
	cmd := ximProcess(a[1:]...)
	cmd.Dir = ts.MkAbs(".")
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	// Pipes of our own: those of the package are closed by Wait, unread.
	outR, outW, err := os.Pipe()
	ts.Check(err)
	errR, errW, err := os.Pipe()
	ts.Check(err)
	cmd.Stdout, cmd.Stderr = outW, errW
	ts.Check(cmd.Start())
	outW.Close()
	errW.Close()
	p := &process{cmd: cmd, stdin: stdin, stdout: collect(outR), stderr: collect(errR), wait: sync.OnceValue(cmd.Wait)}
	ts.Value(running{}).(map[string]*process)[a[0]] = p
	ts.Defer(func() {
		p.cmd.Process.Kill()
		p.wait()
	})
}

func cmdFeed(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "feed NAME FILE")
	_, err := io.WriteString(get(ts, a[0]).stdin, ts.ReadFile(a[1]))
	ts.Check(err)
}

func cmdExpect(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 3, 4, "expect NAME stdout|stderr REGEXP [VAR]")
	p := get(ts, a[0])
	from := p.stderr
	if a[1] == "stdout" {
		from = p.stdout
	}
	re, err := regexp.Compile(a[2])
	ts.Check(err)
	m := from.find(re)
	if m == nil {
		from.mu.Lock()
		defer from.mu.Unlock()
		ts.Fatalf("no line of %s matches %s:\n%s", a[1], a[2], strings.Join(from.lines, "\n"))
	}
	if len(a) == 4 {
		ts.Setenv(a[3], m[1])
	}
}

var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}

func cmdSignal(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "signal NAME SIGNAL")
	ts.Check(get(ts, a[0]).cmd.Process.Signal(signals[a[1]]))
}

func cmdFinish(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "finish NAME CODE")
	p := get(ts, a[0])
	p.stdin.Close()
	hung := time.AfterFunc(patience, func() { p.cmd.Process.Signal(syscall.SIGQUIT) })
	defer hung.Stop()
	p.wait()
	ts.Check(os.WriteFile(ts.MkAbs(a[0]+".out"), []byte(p.stdout.all()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(a[0]+".err"), []byte(p.stderr.all()), 0o600))
	if got := strconv.Itoa(p.cmd.ProcessState.ExitCode()); got != a[1] {
		ts.Fatalf("%s ended with %s, not %s:\n%s", a[0], got, a[1], p.stderr.all())
	}
}

// cmdExit runs xim and wants an exit code: exit [-unprivileged] CODE ARGS... Its
// standard error is in the file stderr.
func cmdExit(ts *testscript.TestScript, neg bool, a []string) {
	lower := len(a) > 0 && a[0] == "-unprivileged"
	if lower {
		a = a[1:]
	}
	args(ts, neg, a, 2, 100, "exit [-unprivileged] CODE ARGS...")
	cmd := ximProcess(a[1:]...)
	if lower && os.Geteuid() == 0 { // root that may do nothing beyond its files
		setpriv, err := exec.LookPath("setpriv")
		ts.Check(err)
		cmd.Path, cmd.Args = setpriv, append([]string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}, cmd.Args...)
	}
	cmd.Env = append(cmd.Env, "FAIL="+ts.Getenv("FAIL"))
	cmd.Dir = ts.MkAbs(".")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	ts.Check(os.WriteFile(ts.MkAbs("stdout"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("stderr"), errs.Bytes(), 0o600))
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != a[0] {
		ts.Fatalf("ended with %s, not %s:\n%s", got, a[0], &errs)
	}
}

// cmdAppend adds a file to the end of another, with -half but for the end of its
// last line: append [-half] TO FROM.
func cmdAppend(ts *testscript.TestScript, neg bool, a []string) {
	half := len(a) > 0 && a[0] == "-half"
	if half {
		a = a[1:]
	}
	args(ts, neg, a, 2, 2, "append [-half] TO FROM")
	text := ts.ReadFile(a[1])
	if half {
		text = strings.TrimSuffix(text, "\n")
	}
	f, err := os.OpenFile(ts.MkAbs(a[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(text)
	ts.Check(err)
	ts.Check(f.Close())
}

// cmdUnhex replaces %XX in a file by the byte, for what txtar cannot hold.
func cmdUnhex(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 1, 1, "unhex FILE")
	text := regexp.MustCompile(`%[0-9a-f]{2}`).ReplaceAllStringFunc(ts.ReadFile(a[0]), func(s string) string {
		n, _ := strconv.ParseUint(s[1:], 16, 8)
		return string([]byte{byte(n)})
	})
	ts.Check(os.WriteFile(ts.MkAbs(a[0]), []byte(text), 0o600))
}

// cmdDamage spoils a file: damage cut|zero|flip FILE.
func cmdDamage(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "damage cut|zero|flip FILE")
	text := []byte(ts.ReadFile(a[1]))
	switch a[0] {
	case "cut":
		text = text[:2*os.Getpagesize()+100]
	case "zero":
		clear(text[2*os.Getpagesize():])
	case "flip":
		text = bytes.ReplaceAll(text, []byte("ran-ctl"), []byte("ran-ctm"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(a[1]), text, 0o600))
}
