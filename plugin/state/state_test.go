package state

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pieces hands out texts one by one, as Write wants them.
func pieces(texts ...string) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) {
		if len(texts) == 0 {
			return b, false
		}
		b = append(b, texts[0]...)
		texts = texts[1:]
		return b, true
	}
}

var header = Header{Boot: "b", Tag: "t", Saved: time.Unix(1, 0).UTC()}

func write(t testing.TB, path string, texts ...string) {
	t.Helper()
	size, err := Write(path, header, pieces(texts...))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size || info.Mode() != 0o600 {
		t.Errorf("got %v, %v; want %d bytes, readable by the owner alone", info, err, size)
	}
}

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, texts := range [][]string{{"one", "", "two"}, {}, {"again"}} {
		write(t, path, texts...)
		got, body, err := Read(path)
		if want := join(texts); err != nil || got != header || string(body) != want {
			t.Errorf("got %v %q %v, want %v %q", got, body, err, header, want)
		}
	}
}

func join(texts []string) (all string) {
	for _, s := range texts {
		all += s
	}
	return all
}

func TestNoFile(t *testing.T) {
	if _, _, err := Read(filepath.Join(t.TempDir(), "s")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

// Any bit that changes, and any byte that lacks or is too many, is noticed.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	write(t, path, "contents")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Read(path); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Errorf("got %v, want %v or %v", err, ErrDamaged, ErrForeign)
		}
	}
	for i := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			damaged(b)
		}
		damaged(whole[:i])
	}
	damaged(append(bytes.Clone(whole), 0))
	damaged([]byte("SQLite format 3"))
}

// A write that fails leaves the last whole state, and nothing beside it.
func TestFailedWriteKeepsTheLast(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	write(t, path, "good")
	if err := os.MkdirAll(path+".new/full", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(path, header, pieces("bad")); err == nil {
		t.Error("a state was written through a folder")
	}
	if _, body, err := Read(path); err != nil || string(body) != "good" {
		t.Errorf("got %q, %v, want the last whole state", body, err)
	}
}

func TestSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	write(t, path, "x")
	aside, err := SetAside(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(aside); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

func TestLockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	unlock()
	unlock, err = Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
