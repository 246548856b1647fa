package spill

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// Whatever is changed in whatever file: no error, no panic, and what comes back is
// what was kept.
func TestDamage(t *testing.T) {
	template := t.TempDir()
	s := mustOpen(t, template, small, nil)
	const n = 300
	for i := range n {
		keep(s, i, text(i, 0))
	}
	mustClose(t, s)
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	noticed, missing := 0, 0
	for range rounds {
		dir := t.TempDir()
		names := files(t, template)
		damaged := names[r.IntN(len(names))]
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join(template, name))
			must(t, err)
			if name == damaged {
				b = damage(r, b)
			}
			must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
		s := mustOpen(t, dir, small, nil)
		if s.Notice() != "" {
			noticed++
		}
		for i := range n {
			got, ok := s.Take(object(i))
			if ok && string(got) != text(i, 0) {
				t.Fatalf("object %d is %q", i, got)
			}
			if !ok && s.Notice() == "" {
				missing++
			}
		}
		mustClose(t, s)
	}
	if noticed == 0 || missing == 0 {
		t.Errorf("%d times damage was seen at once, %d objects were found to be damaged", noticed, missing)
	}
}

func damage(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{1}
	}
	switch r.IntN(4) {
	case 0:
		return b[:r.IntN(len(b))]
	case 1:
		return append(b, b...)
	case 2:
		clear(b[r.IntN(len(b)):])
		return b
	default:
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	}
}

// FuzzIndex has foreign bytes read as an index; what is taken for one ends every
// search, and is written as it was read.
func FuzzIndex(f *testing.F) {
	for _, tables := range [][]table{nil, {newTable(1)}, {newTable(3), newTable(20)}} {
		d := description{Boot: []byte("boot"), Tag: []byte("tag"), Secret: secret{1, 2, 3}}
		for i, t := range tables {
			t.insert(uint64(i)<<60|77, 5)
			d.Generations = append(d.Generations, described{ID: uint64(i), Size: 100, Records: 1, Slots: len(t.marks)})
		}
		var b bytes.Buffer
		if err := writeIndex(&b, d, tables); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, tables, err := readIndex(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, table := range tables {
			for h := range uint64(64) {
				for range table.matches(h<<58 | h) {
				}
			}
		}
		var again bytes.Buffer
		if err := writeIndex(&again, d, tables); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readIndex(&again, int64(again.Len())); err != nil {
			t.Fatal(err)
		}
	})
}
