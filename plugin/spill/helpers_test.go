package spill

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"github.com/xim-monitor/xim/plugin/flow"
)

func object(i int) flow.Key { return flow.InodeKey(uint32(i%7), uint64(i)) }

// small limits bring every path about with few objects.
var small = Options{MaxObjects: 800, MaxBytes: 1 << 20, BufferBytes: 64 << 10}

func mustOpen(t testing.TB, dir string, opts Options, between func(disk) disk) *Store {
	t.Helper()
	s, err := open(dir, opts, between)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// settle has everything written, in a bubble of synctest.
func settle(s *Store) {
	s.mu.Lock()
	if s.buffer.batches[s.buffer.filling].records > 0 {
		s.turn()
	}
	s.mu.Unlock()
	synctest.Wait()
}

func keep(s *Store, i int, value string) { s.Keep(object(i), []byte(value)) }

// expect takes an object and compares; want "" means that there is none.
func expect(t testing.TB, s *Store, i int, want string) {
	t.Helper()
	got, ok := s.Take(object(i))
	if string(got) != want || ok != (want != "") {
		t.Fatalf("object %d: got %q, %v, want %q; %+v", i, got, ok, want, s.Stats())
	}
}

// fixed has the same hashes in every run: what is lost unseen with a lost record is
// the same then.
var fixed = secret{1 << 40, 2 << 50, 3 << 30}

// inBubble gives a store whose goroutine settle can wait for. The bubble fails if
// one is left after Close.
func inBubble(t *testing.T, opts Options, between func(disk) disk, f func(*testing.T, *Store)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, dir, opts, between)
		s.secret = fixed
		f(t, s)
		_ = s.Close()
	})
}

// A hooked disk asks before it does something.
type hooked struct {
	disk
	create_ func() error
	write   func() error
	read    func() error
}

func (h *hooked) create(name string) (file, error) {
	if h.create_ != nil {
		if err := h.create_(); err != nil {
			return nil, err
		}
	}
	f, err := h.disk.create(name)
	return &hookedFile{f, h}, err
}

type hookedFile struct {
	file
	h *hooked
}

func (f *hookedFile) WriteAt(b []byte, at int64) (int, error) {
	if f.h.write != nil {
		if err := f.h.write(); err != nil {
			return 0, err
		}
	}
	return f.file.WriteAt(b, at)
}

func (f *hookedFile) ReadAt(b []byte, at int64) (int, error) {
	if f.h.read != nil {
		if err := f.h.read(); err != nil {
			return 0, err
		}
	}
	return f.file.ReadAt(b, at)
}

func (h *hooked) between(d disk) disk { h.disk = d; return h }

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func text(i, round int) string { return fmt.Sprintf("object %d as of round %d", i, round) }
