package spill

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
)

// A disk that hangs holds up no Keep: the oldest records go, and are counted, and
// nothing older comes back in their place.
func TestDiskHangs(t *testing.T) {
	h := &hooked{}
	inBubble(t, small, h.between, func(t *testing.T, s *Store) {
		const n = 1000
		for i := range 10 {
			keep(s, i, text(i, 0))
		}
		settle(s)
		gate := make(chan struct{})
		h.write = func() error { <-gate; return nil }
		for i := range n {
			keep(s, i, text(i, 1))
		}
		st := s.Stats()
		if st.Dropped == 0 || st.Buffered+int(st.Dropped) != n {
			t.Errorf("%+v", st)
		}
		close(gate)
		synctest.Wait()
		found := 0
		for i := range n {
			if got, ok := s.Take(object(i)); ok {
				found++
				if string(got) != text(i, 1) {
					t.Errorf("object %d is %q", i, got)
				}
			}
		}
		if found+int(st.Dropped) != n {
			t.Errorf("%d found, %d dropped, of %d", found, st.Dropped, n)
		}
		expect(t, s, n-1, "")
	})
}

// Errors are counted, what they hit is gone, and the store goes on after them.
func TestErrors(t *testing.T) {
	broken := errors.New("worn out")
	for _, c := range []struct {
		name       string
		breaks     func(*hooked, func() error)
		kept, lost bool // of what was there before, and what is kept meanwhile
	}{
		{"write", func(h *hooked, f func() error) { h.write = f }, true, true},
		{"create", func(h *hooked, f func() error) { h.create_ = f }, true, true},
		{"read", func(h *hooked, f func() error) { h.read = f }, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &hooked{}
			inBubble(t, small, h.between, func(t *testing.T, s *Store) {
				for i := range 100 { // a generation
					keep(s, i, text(i, 0))
				}
				settle(s)
				c.breaks(h, func() error { return broken })
				for i := 50; i < 150; i++ {
					keep(s, i, text(i, 1))
				}
				settle(s)
				for i := range 25 {
					want := ""
					if c.kept {
						want = text(i, 0)
					}
					expect(t, s, i, want)
				}
				c.breaks(h, nil)
				for i := 50; i < 150; i++ {
					want := ""
					if !c.lost {
						want = text(i, 1)
					}
					expect(t, s, i, want)
				}
				st := s.Stats()
				if st.WriteErrors+st.ReadErrors == 0 || st.LastError != broken.Error() || (st.Unwritten == 100) != c.lost {
					t.Errorf("%+v", st)
				}
				keep(s, 1000, "again")
				settle(s)
				expect(t, s, 1000, "again")
			})
		})
	}
}

// A directory that vanishes takes what cannot be written any more, and no more.
func TestDirectoryVanishes(t *testing.T) {
	dir := t.TempDir() + "/store"
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, dir, small, nil)
		s.secret = fixed
		keep(s, 1, "a")
		settle(s)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		expect(t, s, 1, "a")
		for i := range 2000 {
			keep(s, i, text(i, 0))
			settle(s)
		}
		if st := s.Stats(); st.Unwritten == 0 || st.WriteErrors == 0 {
			t.Errorf("%+v", st)
		}
		other := mustOpen(t, dir, small, nil) // does not see the first one's lock
		keep(other, 1, "b")
		settle(other)
		if err := s.Close(); err == nil {
			t.Error("a store without a directory was closed cleanly")
		}
		expect(t, other, 1, "b")
		keep(other, 1, "c")
		mustClose(t, other)
		other = mustOpen(t, dir, small, nil)
		expect(t, other, 1, "c")
		mustClose(t, other)
	})
}

// Full is a file system of 256 KiB.
func full(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := mountSmall(dir); err != nil {
		if os.Getenv("XIM_E2E") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk: what fits stays, the rest is counted, and with space come new ones.
func TestDiskFull(t *testing.T) {
	dir := full(t)
	other := dir + "/other"
	opts := Options{MaxObjects: 100_000, BufferBytes: 64 << 10}
	synctest.Test(t, func(t *testing.T) {
		if err := os.WriteFile(other, make([]byte, 128<<10), 0o600); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, dir+"/store", opts, nil)
		s.secret = fixed
		filler := strings.Repeat(".", 80)
		const n = 3000
		for i := range n {
			keep(s, i, text(i, 0)+filler)
			settle(s)
		}
		st := s.Stats()
		if st.Unwritten == 0 || st.Objects == 0 || st.Objects+int(st.Unwritten) != n || !strings.Contains(st.LastError, "no space") {
			t.Errorf("%+v", st)
		}
		for i := range st.Objects {
			expect(t, s, i, text(i, 0)+filler)
		}
		if err := os.Remove(other); err != nil {
			t.Fatal(err)
		}
		keep(s, n, "there is room")
		settle(s)
		expect(t, s, n, "there is room")
		mustClose(t, s)
	})
}
