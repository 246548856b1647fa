package spill

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The child opens, keeps, drops and closes until it is killed, and says so.
func TestMain(m *testing.M) {
	if dir := os.Getenv("XIM_TEST_SPILL_CHILD"); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// killed are the child's limits: an object is never evicted nor lost.
var killed = Options{MaxObjects: 8000, BufferBytes: 1 << 20}

const killedObjects = 500

func child(dir string) {
	for round := 0; ; round++ {
		s, err := Open(dir, killed)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("open", round, s.Notice())
		for i := range killedObjects {
			keep(s, i, text(i, round))
			if i%50 == 0 {
				fmt.Println("keep", round)
			}
		}
		for i := 0; i < killedObjects; i += 2 {
			s.Drop(object(i))
		}
		fmt.Println("close", round)
		if err := s.Close(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		for range 20 {
			fmt.Println("closed", round)
		}
	}
}

// Killed at any moment: the next Open is no error, and there is nothing, or what a
// Close left, whole.
func TestKilled(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	fresh, whole := 0, 0
	dir := t.TempDir()
	for range rounds {
		closing := killChild(t, dir, r)
		s := mustOpen(t, dir, killed, nil)
		_, found := s.Take(object(1))
		switch {
		case !found:
			fresh++
			for i := range killedObjects {
				expect(t, s, i, "")
			}
			if s.Notice() == "" {
				t.Errorf("objects went without notice: %+v", s.Stats())
			}
		default:
			whole++
			if s.Notice() != "" || closing < 0 {
				t.Errorf("notice %q, closed %d", s.Notice(), closing)
			}
			for i := 2; i < killedObjects; i++ {
				want := ""
				if i%2 == 1 {
					want = text(i, closing)
				}
				expect(t, s, i, want)
			}
		}
		mustClose(t, s)
	}
	t.Logf("killed %d times: %d stores started anew, %d were whole", rounds, fresh, whole)
}

// killChild kills a child after some lines and tells which Close it began last.
func killChild(t *testing.T, dir string, r *rand.Rand) (closing int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "XIM_TEST_SPILL_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	closing = -1
	for n, end := 0, 1+r.IntN(100); lines.Scan(); n++ {
		if n == end {
			must(t, cmd.Process.Kill())
		}
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "open", "keep", "closed":
		case "close":
			_, err := fmt.Sscan(rest, &closing)
			must(t, err)
		default:
			t.Fatal(lines.Text())
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return closing
}
