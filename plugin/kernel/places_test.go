package kernel

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
)

var (
	longID = strings.Repeat("a", 64)
	other  = strings.Repeat("b", 64)
)

// A script is a Source that passes on what it is told to.
type script chan Record

func (s script) Read(r *Record, deadline time.Time) error {
	select {
	case next, ok := <-s:
		if !ok {
			return os.ErrClosed
		}
		*r = next
		return nil
	case <-time.After(time.Until(deadline)):
		return ErrIdle
	}
}

func (script) Forget(...Object) error { return nil }

// A namer knows names when it is told them.
type namer struct {
	asked   []string
	answers chan flow.Description
	lock    sync.Mutex // the Feed's: nobody else takes it
	held    bool       // it was while it was asked
}

func (n *namer) Ask(container string) {
	n.asked = append(n.asked, container)
	if n.held = n.held || !n.lock.TryLock(); !n.held {
		n.lock.Unlock()
	}
}

func (n *namer) Answers() <-chan flow.Description { return n.answers }

// play runs a Feed on a script in a bubble of fake time. Cgroups are below root.
func play(t *testing.T, root string, of func(s script, f *Feed, n *namer, found *[]string)) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := flow.New(flow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, n := make(script), &namer{answers: make(chan flow.Description, 10)}
		f := NewFeed(s, FeedOptions{Tracker: tracker, Names: n, Lock: &n.lock})
		f.places.roots = []string{root}
		var found []string
		ended := make(chan error)
		go func() {
			ended <- f.Run(func(v *flow.Verdict, _ *Record) {
				c := v.Crossing(flow.Pod)
				for i := range c.Writers {
					found = append(found, v.Flow(flow.Pod, &c.Writers[i]))
				}
			})
		}()
		of(s, f, n, &found)
		close(s)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n.held {
			t.Error("the lock was held while names were asked for")
		}
	})
}

func in(cgroup uint64, kind Kind, ino uint64) Record {
	return Record{Kind: kind, Object: Object{Ino: ino, Dev: 1}, Subject: Subject{Cgroup: cgroup}, Path: "/file"}
}

func cgroup(id uint64, path string) Record {
	return Record{Kind: Cgroup, Subject: Subject{Cgroup: id}, Path: path}
}

// pass lets time go by, and what is due be done.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A container goes with its cgroup, also while the sensor is never idle; where the
// sensor sees only a container's own cgroups, it is not known to.
func TestContainerIsGone(t *testing.T) {
	for _, tt := range []struct {
		what string
		sees bool
		want int
	}{{"the host's view", true, 0}, {"a container's view", false, 1}} {
		root := t.TempDir()
		path := "/kubepods/" + longID
		if tt.sees {
			if err := os.MkdirAll(root+path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		play(t, root, func(s script, f *Feed, n *namer, _ *[]string) {
			s <- cgroup(7, path)
			s <- in(7, Read, 1)
			busy := func() {
				for range 4 * lookEvery / patience {
					s <- in(8, Read, 1)
					pass(patience / 2)
				}
			}
			s <- cgroup(8, "/")
			busy()
			if got := len(f.places.in); got != 1 {
				t.Errorf("%s: %d containers are known, want 1", tt.what, got)
			}
			if err := os.RemoveAll(root + "/kubepods"); err != nil {
				t.Error(err)
			}
			busy()
			if got := len(f.places.in); got != tt.want {
				t.Errorf("%s: %d containers are known after it is gone, want %d", tt.what, got, tt.want)
			}
			if got := f.o.Tracker.Stats().Containers; got != tt.want {
				t.Errorf("%s: the engine knows %d containers, want %d", tt.what, got, tt.want)
			}
			want(t, tt.what, n.asked, longID[:12])
			if f.stats.UnknownPlace != 0 {
				t.Errorf("%s: %d places are unknown", tt.what, f.stats.UnknownPlace)
			}
		})
	}
}

// An answer that comes late is there for the next read, whether or not the sensor is idle.
func TestLateAnswer(t *testing.T) {
	play(t, t.TempDir(), func(s script, f *Feed, n *namer, found *[]string) {
		s <- cgroup(7, "/kubepods/"+longID)
		s <- cgroup(8, "/kubepods/"+other)
		s <- in(7, Write, 1)
		s <- in(8, Read, 1)
		synctest.Wait()
		n.answers <- flow.Description{
			Place: flow.Place{Container: longID[:12], PodUID: "uid"}, PodNamespace: "blue", PodName: "shop",
		}
		s <- in(8, Read, 1)
		synctest.Wait()
		want(t, "found", *found,
			longID[:12]+" -> /file -> "+other[:12],
			"blue/shop -> /file -> "+other[:12])
	})
}

// A cgroup whose name the ring had no room for is named later: who was taken for the
// host's is not any more.
func TestNamedLate(t *testing.T) {
	play(t, t.TempDir(), func(s script, f *Feed, _ *namer, found *[]string) {
		s <- cgroup(8, "/")
		s <- in(8, Write, 1)
		s <- in(7, Read, 1)
		s <- cgroup(7, "/kubepods/"+longID)
		s <- in(7, Read, 1)
		synctest.Wait()
		want(t, "found", *found, "host -> /file -> "+longID[:12])
		if got := f.stats.UnknownPlace; got != 1 {
			t.Errorf("%d places are unknown, want 1", got)
		}
	})
}

// Who acts does not become unknown by how many others there are.
func TestManyCgroups(t *testing.T) {
	play(t, t.TempDir(), func(s script, f *Feed, _ *namer, _ *[]string) {
		s <- cgroup(7, "/kubepods/"+longID)
		for id := range uint64(2 * maxPlaces) {
			s <- cgroup(100+id, "/kubepods/"+other)
			s <- in(7, Read, 1)
		}
		synctest.Wait()
		if f.stats.UnknownPlace != 0 || len(f.places.in) != 2 || f.places.in[other[:12]] != maxPlaces-1 {
			t.Errorf("%d places are unknown; the containers' cgroups are %v", f.stats.UnknownPlace, f.places.in)
		}
	})
}
