package kernel

import (
	"encoding/binary"
	"errors"
	"testing"
)

// rawRecord makes the bytes of a record as the programs do.
func rawRecord(t testing.TB, head directRecord, names string) []byte {
	t.Helper()
	head.Length = uint16(len(names))
	raw := make([]byte, recordSize, recordSize+len(names))
	if _, err := binary.Encode(raw, binary.NativeEndian, &head); err != nil {
		t.Fatal(err)
	}
	return append(raw, names...)
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		names   string
		program uint16
		flags   uint8
		path    string
		exe     string
	}{
		{"f\x00etc\x00", 0, 0, "/etc/f", ""},
		{"", 0, 0, "/", ""},
		{"memfd:x\x00", 0, flagNoPath, "memfd:x", ""},
		{"a:b\x00", 0, 0, "/a:b", ""},
		{"f\x00deep\x00", 0, flagCut, ".../deep/f", ""},
		{"f\x00etc\x00cat\x00bin\x00", 6, 0, "/etc/f", "/bin/cat"},
		{"\xff\n\x1b\x00", 0, 0, "/\xff\n\x1b", ""},
	} {
		var r Record
		raw := rawRecord(t, directRecord{Kind: uint8(Read), Program: c.program, Flags: c.flags}, c.names)
		if err := r.decode(append(raw, "what was in the room before"...)); err != nil || r.Path != c.path || r.Program != c.exe {
			t.Errorf("%q: %q and %q, %v; want %q and %q", c.names, r.Path, r.Program, err, c.path, c.exe)
		}
	}
}

func TestShortRecords(t *testing.T) {
	whole := rawRecord(t, directRecord{Kind: uint8(Read)}, "f\x00")
	for n := range len(whole) {
		if err := new(Record).decode(whole[:n]); !errors.Is(err, errShort) {
			t.Errorf("%d of %d bytes: %v, want %v", n, len(whole), err, errShort)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(rawRecord(f, directRecord{Kind: uint8(Read), Program: 2}, "f\x00etc\x00cat\x00"))
	f.Add(rawRecord(f, directRecord{Kind: 200, Op: 200, Flags: 255}, ""))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r Record
		if r.decode(raw) == nil {
			_ = r.Subject.Name() + r.Op.String()
			if back := objectOf(r.Object.Key()); back != r.Object {
				t.Errorf("%v is %v in the engine", r.Object, back)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	raw := rawRecord(b, directRecord{Kind: uint8(Read)}, "file.txt\x00folder\x00a-longer-name\x00mnt\x00")
	var r Record
	b.ReportAllocs()
	for b.Loop() {
		if err := r.decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
