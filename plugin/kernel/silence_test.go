package kernel

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xim-monitor/xim/plugin/flow"
)

// What the sensor holds back would have changed nothing: a second one watches the
// same run and passes everything on, and its engine finds the same flows.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"maps with room", Options{}},
		{"maps that lose", Options{Objects: 16, Deeds: 16}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ways(t, func(t *testing.T, at Attach) {
				c.o.Attach = at
				all := c.o
				all.everything, all.Ring = 1, 32<<20
				silent, loud := watch(t, c.o, flow.Options{}), watch(t, all, flow.Options{})
				dir := scratchDir(t)
				story(t, dir, number(t, "XIM_STEPS", 3000))
				loud.settle()
				want, got := anyOp(loud.flows(dir)), anyOp(silent.flows(dir))
				missing, extra := difference(want, got), difference(got, want)
				s, l := silent.stats(), loud.stats()
				t.Logf("%d flows; passed on %d writes and %d reads, of %d and %d", len(want),
					s.PassedWrites, s.PassedReads, l.PassedWrites, l.PassedReads)
				if len(missing)+len(extra) > 0 || len(want) == 0 {
					t.Errorf("missing %v, invented %v", missing, extra)
				}
				if l.Lost() > 0 {
					t.Errorf("the unfiltered sensor lost something: %+v", l)
				}
			})
		})
	}
}

// anyOp leaves out how a flow was read: that is told of the first time alone.
func anyOp(flows []found) []found {
	for i := range flows {
		flows[i].op = ""
	}
	return flows
}

// story has some actors do things to some files at random, one after the other.
func story(t *testing.T, dir string, steps int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var actors []*actor
	for i := range 6 {
		actors = append(actors, newActor(t, fmt.Sprint("actor-", i)))
	}
	var files []string
	for i := range 40 {
		files = append(files, file(t, dir, fmt.Sprint(i)))
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	ops := []string{
		"write", "write", "pwrite", "writev", "mmap-shared", "copy_file_range-to",
		"read", "read", "read", "pread", "preadv2", "mmap", "sendfile",
		"truncate", "ftruncate", "create", "creat", "again", "swap", "pipe",
	}
	for range steps {
		a, f, op := actors[r.IntN(len(actors))], files[r.IntN(len(files))], ops[r.IntN(len(ops))]
		switch op {
		case "again":
			a.do("remove", f)
			a.do("create", f)
		case "swap":
			if f == files[0] {
				break
			}
			a.do("rename", f, f+"~")
			a.do("rename", files[0], f)
			a.do("rename", f+"~", files[0])
		case "pipe":
			a.do("write", pipe)
			actors[r.IntN(len(actors))].do("read", pipe)
		default:
			a.try(op, f) // an empty file gives nothing
		}
	}
}
