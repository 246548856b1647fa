// Package falco runs Falco, with the plugin and its rules, and hands over what it says.
//
// It writes a configuration of its own into a folder that is gone with it: Falco's own
// files stay as they are, and are not read. Falco ends when this program does, however
// that ends.
package falco

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/cmd/xim/internal/source"
)

// Process is Falco. Prepare it, Run it, and Close it.
type Process struct {
	Path   string // of the program, or its name
	Config Config
	Log    func(format string, args ...any)
	Debug  func(format string, args ...any) // what Falco says of itself; nil: only where it fails

	dir     string // the configuration's
	mu      sync.Mutex
	running *exec.Cmd
	over    chan struct{} // closed when it has ended
}

// Prepare finds the parts and writes the configuration.
func (p *Process) Prepare() (err error) {
	found, err := exec.LookPath(p.Path)
	if err != nil {
		return fmt.Errorf("falco is not here (%w): --falco PATH names it, https://falco.org/docs/setup has it, and --engine kernel does without", err)
	}
	p.Path = found
	if err := p.Config.locate(); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "xim-falco-"); err != nil { // for its owner only
		return err
	}
	if err := p.Config.write(p.dir); err != nil {
		os.RemoveAll(p.dir)
		return err
	}
	return nil
}

// Run puts Falco's alerts in until ctx ends. That Falco ends by itself is an error.
func (p *Process) Run(ctx context.Context, in *pipeline.Intake) error {
	// Falco gets a signal when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(p.Path, "-c", filepath.Join(p.dir, configFile))
	// In a group of its own a Ctrl-C is not for it: it ends when told.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	alerts, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &messages{debug: p.Debug}
	cmd.Stderr = said
	if started, err := p.start(ctx, cmd); !started {
		return err
	}
	defer close(p.over)
	defer context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })()
	from := source.Reader{Name: "falco", From: &objects{from: bufio.NewReader(alerts), other: said}}
	readErr := from.Run(in)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil // it was told to end
	case err != nil:
		err = fmt.Errorf("falco ended: %w%s", err, said.last())
	case readErr != nil:
		err = readErr
	default:
		err = fmt.Errorf("falco ended by itself%s", said.last())
	}
	return err
}

// start starts it, unless it is to end already.
func (p *Process) start(ctx context.Context, cmd *exec.Cmd) (started bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return false, nil
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start falco: %w", err)
	}
	p.running, p.over = cmd, make(chan struct{})
	return true, nil
}

// patience is how long Falco may take to end.
const patience = 5 * time.Second

// Close waits for Falco to end, ends it where it does not, and cleans up.
func (p *Process) Close() {
	p.mu.Lock()
	cmd := p.running
	p.mu.Unlock()
	if cmd != nil {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.over:
		case <-time.After(patience):
			p.Log("falco does not end: it is killed")
			cmd.Process.Kill()
			<-p.over
		}
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

// objects are the lines of a stream that are JSON objects. Falco writes counts between
// and after its alerts, which go elsewhere.
type objects struct {
	from  *bufio.Reader
	other io.Writer
	rest  []byte // of an object, still to be read
	part  bool   // the line goes on after rest
	skip  bool   // it is no object
}

func (o *objects) Read(b []byte) (int, error) {
	for len(o.rest) == 0 {
		text, err := o.from.ReadSlice('\n')
		if len(text) == 0 {
			return 0, err
		}
		if !o.part {
			o.skip = text[0] != '{'
		}
		o.part = errors.Is(err, bufio.ErrBufferFull)
		if o.skip {
			o.other.Write(text)
		} else {
			o.rest = text // until the next ReadSlice
		}
	}
	n := copy(b, o.rest)
	o.rest = o.rest[n:]
	return n, nil
}

// messages are the last that Falco said of itself.
type messages struct {
	debug func(format string, args ...any)

	mu   sync.Mutex
	text []byte // the last of it
	line []byte // one that is not whole
}

const (
	maxMessages = 4 << 10
	maxLine     = 4 << 10
)

func (m *messages) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text = append(m.text, b...)
	if cut := len(m.text) - maxMessages; cut > 0 {
		m.text = append(m.text[:0], m.text[cut:]...)
	}
	if m.debug == nil {
		return len(b), nil
	}
	for rest := b; len(rest) > 0; {
		text, after, whole := strings.Cut(string(rest), "\n")
		m.line, rest = append(m.line, text...), []byte(after)
		if whole || len(m.line) > maxLine {
			m.debug("falco: %s", m.line)
			m.line = m.line[:0]
		}
	}
	return len(b), nil
}

// last is what it said last, to be added to an error.
func (m *messages) last() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := strings.TrimSpace(string(m.text))
	if text == "" || m.debug != nil {
		return ""
	}
	lines := strings.Split(text, "\n")
	return ": " + strings.Join(lines[max(0, len(lines)-5):], " / ")
}
