package spill

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a run left is taken over, or removed with a word about why. It is never an
// error.
func TestReopen(t *testing.T) {
	boot := Options{Boot: "boot 1", Tag: "tag \xff", MaxObjects: 8000}
	other := func(boot, tag string) Options { return Options{Boot: boot, Tag: tag, MaxObjects: 8000} }
	for _, c := range []struct {
		name    string
		between func(t *testing.T, dir string)
		opts    Options
		notice  string // a part of it; "" means that the objects are there
	}{
		{name: "the same", opts: boot},
		{name: "other limits", opts: Options{Boot: boot.Boot, Tag: boot.Tag, MaxObjects: 16_000}},
		{name: "another boot", opts: other("boot 2", boot.Tag), notice: "another boot"},
		{name: "another tag", opts: other(boot.Boot, "tag \xfe"), notice: "another configuration"},
		{name: "no index", between: without(indexName), opts: boot, notice: "not closed"},
		{name: "a generation is missing", between: without(generationName(0)), opts: boot, notice: "no such file"},
		{name: "a generation is short", between: short(generationName(0), 100), opts: boot, notice: "damaged"},
		{name: "the index is short", between: short(indexName, 100), opts: boot, notice: "damaged"},
		{name: "the index is empty", between: short(indexName, 0), opts: boot, notice: "damaged"},
		{name: "the index is a directory", between: func(t *testing.T, dir string) {
			without(indexName)(t, dir)
			must(t, os.Mkdir(filepath.Join(dir, indexName), 0o700))
		}, opts: boot, notice: "damaged"},
		{name: "the index is a link out", between: func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, indexName), filepath.Join(dir, "..", "index")))
			must(t, os.Symlink("../index", filepath.Join(dir, indexName)))
		}, opts: boot, notice: "escapes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			s := mustOpen(t, dir, boot, nil)
			if s.Notice() != "" {
				t.Error(s.Notice())
			}
			for i := range 1000 {
				keep(s, i, text(i, 0))
			}
			s.Drop(object(1))
			mustClose(t, s)
			must(t, os.WriteFile(filepath.Join(dir, "foreign"), nil, 0o644))
			if c.between != nil {
				c.between(t, dir)
			}
			s = mustOpen(t, dir, c.opts, nil)
			if (s.Notice() == "") != (c.notice == "") || !strings.Contains(s.Notice(), c.notice) {
				t.Errorf("notice %q, want %q", s.Notice(), c.notice)
			}
			for i := range 1000 {
				want := text(i, 0)
				if c.notice != "" || i == 1 {
					want = ""
				}
				expect(t, s, i, want)
			}
			keep(s, 1, "new")
			mustClose(t, s)
			s = mustOpen(t, dir, c.opts, nil)
			expect(t, s, 1, "new")
			mustClose(t, s)
			if _, err := os.Stat(filepath.Join(dir, "foreign")); err != nil {
				t.Error(err)
			}
		})
	}
}

func without(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, name))) }
}

func short(name string, size int64) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, name), size)) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Smaller limits hold as soon as the store is opened.
func TestReopenWithLess(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{MaxObjects: small.MaxObjects}, nil)
	for i := range 1000 {
		keep(s, i, text(i, 0))
	}
	mustClose(t, s)
	s = mustOpen(t, dir, Options{MaxObjects: 300}, nil)
	if st := s.Stats(); st.Objects == 0 || st.Objects > 300 || st.Evicted == 0 {
		t.Errorf("%+v", st)
	}
	expect(t, s, 999, text(999, 0))
}

func TestTwoOpeners(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, small, nil)
	keep(s, 1, "a")
	for range 3 {
		if _, err := Open(dir, small); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
			t.Fatalf("got %v, want %v", err, ErrLocked)
		}
	}
	mustClose(t, s)
	s = mustOpen(t, dir, small, nil)
	expect(t, s, 1, "a")
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := mustOpen(t, dir, small, nil)
	for i := range 1000 {
		keep(s, i, text(i, 0))
	}
	mustClose(t, s)
	must(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if info.Mode() != want {
			t.Errorf("%s is %v, want %v", path, info.Mode(), want)
		}
		return nil
	}))
}

func TestLimitsThatMakeNoSense(t *testing.T) {
	for _, opts := range []Options{
		{MaxObjects: -1}, {MaxObjects: 1<<30 + 1}, {MaxBytes: 1}, {MaxBytes: 1 << 40}, {BufferBytes: 1}, {BufferBytes: -1},
	} {
		if _, err := Open(t.TempDir(), opts); err == nil {
			t.Errorf("%+v was taken", opts)
		}
	}
}

// A place where nothing can be made is the one error besides another's lock.
func TestNoDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, nil, 0o600))
	if _, err := Open(path, Options{}); err == nil {
		t.Error("a file was taken for a directory")
	}
}
