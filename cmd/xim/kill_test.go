package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killRounds is how often the process is killed: XIM_KILL_ROUNDS, else few.
func killRounds(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("XIM_KILL_ROUNDS"))
	switch {
	case err == nil:
		return n
	case testing.Short():
		return 5
	default:
		return 20
	}
}

func ximProcess(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), beXim+"=1")
	return cmd
}

func podAlert(n int) string {
	return fmt.Sprintf(`{"hostname":"node1","output":"x","priority":"Warning","rule":"Pod","source":"syscall","tags":["xim"],`+
		`"time":"2024-01-30T14:48:10.%09dZ","output_fields":{"xim.path":"/srv/%d","xim.op":"read","xim.age":12,`+
		`"xim.pod.writers":["oran/ran-ctl"],"xim.pod.reader":"oran/xapp-1"}}`+"\n", n%1e9, n)
}

// feedAlerts writes alerts until the reader is gone. Every fourth is an old one
// again. It returns how many flows it told of.
func feedAlerts(w io.Writer, from, to int) (told int) {
	for n := from; n < to; n++ {
		text := podAlert(n)
		if n%4 == 0 {
			text += podAlert(n / 2)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return n
		}
	}
	return to
}

// The process is killed at random moments, and started again with the same
// store. In the end every flow was printed, and none twice.
func TestKilledAtAnyMoment(t *testing.T) {
	state := filepath.Join(t.TempDir(), "flows.db")
	printed := make(map[string]int)
	var messages bytes.Buffer
	// one runs the command over alerts, kills it after a while, and counts what
	// it printed.
	one := func(from, to int, life time.Duration) (told int) {
		cmd := ximProcess("watch", "--state", state, "--max-flows", "10000000")
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		cmd.Stderr = &messages
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if life > 0 {
			time.AfterFunc(life, func() { cmd.Process.Kill() })
		}
		fed := make(chan int)
		go func() {
			n := feedAlerts(in, from, to)
			if life == 0 {
				in.Close() // else it is killed, busy or idle
			}
			fed <- n
		}()
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			line := lines.Text()
			if !strings.HasPrefix(line, "WARNING: ") || !strings.HasSuffix(line, " -> oran/xapp-1") {
				t.Fatalf("half a line: %q", line)
			}
			printed[line]++
		}
		err := cmd.Wait()
		if killed := cmd.ProcessState.ExitCode() == -1; killed != (life > 0) {
			t.Fatalf("%v\n%s", err, &messages)
		}
		return <-fed
	}
	told := 0
	rounds := killRounds(t)
	for range rounds {
		life := 5*time.Millisecond + rand.N(100*time.Millisecond)
		told = max(told, one(max(0, told-2000), told+3000, life))
	}
	one(0, told, 0)

	for line, n := range printed {
		if n != 1 {
			t.Errorf("printed %d times: %s", n, line)
		}
	}
	if len(printed) != told {
		t.Errorf("%d flows were told, %d printed", told, len(printed))
	}
	if strings.Contains(messages.String(), "damaged") || strings.Contains(messages.String(), "panic") {
		t.Errorf("messages:\n%s", &messages)
	}
	t.Logf("%d kills, %d flows", rounds, told)
}
