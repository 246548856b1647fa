package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/test/scap"
)

// Every event of these tests is of this thread, at this time.
const (
	testThread = 12
	testTime   = 1_700_000_000_123_456_789
)

// Parameters, by the names that libscap's event table uses.
var (
	s64  = scap.I64
	u64  = scap.U64
	u32  = scap.U32
	u16  = scap.U16
	str  = scap.Str
	none = []byte(nil) // a parameter that older versions did not have
)

// raw makes an event's bytes: header, lengths, values.
func raw(typ uint16, params ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, testTime)
	b = binary.LittleEndian.AppendUint64(b, testThread)
	b = binary.LittleEndian.AppendUint32(b, 0) // the length, see the end
	b = binary.LittleEndian.AppendUint16(b, typ)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(params)))
	for _, p := range params {
		if typ == Async {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		} else {
			b = binary.LittleEndian.AppendUint16(b, uint16(len(p)))
		}
	}
	for _, p := range params {
		b = append(b, p...)
	}
	return withLen(b)
}

// withLen makes the header's length the true one.
func withLen(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)))
	return b
}

// with gives a copy with one of the header's members changed.
func with(b []byte, offset int, value uint32) []byte {
	c := append([]byte(nil), b...)
	binary.LittleEndian.PutUint32(c[offset:], value)
	return c
}

const (
	offsetLen     = 16
	offsetNParams = 22
)

// event fills in what is the same for all.
func event(e Event) Event {
	e.Time, e.Thread = testTime, testThread
	if e.Kind != Access {
		e.In, e.Out = NoFD, NoFD
	}
	if e.Kind != Opened {
		e.FD = NoFD
	}
	return e
}

func readOf(op flow.Op, fd int64) Event { return event(Event{Kind: Access, Op: op, In: fd, Out: NoFD}) }
func writeOf(fd int64) Event            { return event(Event{Kind: Access, In: NoFD, Out: fd}) }

func failed(e Event) Event { e.Failed = true; return e }

var nothing = event(Event{})

// exec makes the parameters of an execve up to and with the trusted path. A nil
// flags or ino is a parameter of length 0.
func exec(res int64, flags, ino, path []byte) [][]byte {
	p := make([][]byte, 28)
	for i := range p {
		p[i] = str("x")
	}
	p[0], p[19], p[23], p[27] = s64(res), flags, ino, path
	return p
}

const (
	dev = 0x800001
	ino = 4711
)

func TestDecode(t *testing.T) {
	const (
		rdonly = 1 << 0
		wronly = 1 << 1
		create = 1 << 2
	)
	data := []byte("some bytes of the data")
	mmap := func(res int64, prot, flags uint32, fd int64) [][]byte {
		return [][]byte{s64(res), u32(1), u32(2), u32(3), u64(0), u64(4096), u32(prot), u32(flags), s64(fd), u64(0)}
	}
	open := func(fd int64, flags uint32) [][]byte {
		return [][]byte{s64(fd), str("/data/x"), u32(flags), u32(0o644), u32(dev), u64(ino)}
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		want Event
		err  error
	}{
		// res, data, fd, size: reads
		{"read", raw(Read, s64(22), data, s64(7), u32(100)), readOf(flow.OpRead, 7), nil},
		{"read: end of file", raw(Read, s64(0), none, s64(7), u32(100)), failed(readOf(flow.OpRead, 7)), nil},
		{"read: EAGAIN", raw(Read, s64(-11), none, s64(7), u32(100)), failed(readOf(flow.OpRead, 7)), nil},
		{"read without its size", raw(Read, s64(22), data, s64(7)), readOf(flow.OpRead, 7), nil},
		{"read of fd -1", raw(Read, s64(-9), none, s64(-1), u32(0)), failed(readOf(flow.OpRead, -1)), nil},
		{"read of a large fd", raw(Read, s64(1), data, s64(1<<40), u32(1)), readOf(flow.OpRead, 1<<40), nil},
		{"read of an old version: fd in the enter event", raw(Read, s64(22), data), event(Event{}), ErrIncomplete},
		{"read with empty parameters", raw(Read, s64(22), data, none, none), event(Event{}), ErrIncomplete},
		{"read with no parameters", raw(Read), event(Event{}), ErrIncomplete},
		{"read with a result of four bytes", raw(Read, u32(22), data, s64(7), u32(1)), event(Event{}), ErrIncomplete},
		{"readv", raw(Readv, s64(22), u32(100), data, s64(7)), readOf(flow.OpReadv, 7), nil},
		{"pread", raw(Pread, s64(22), data, s64(7), u32(100), u64(9)), readOf(flow.OpPread, 7), nil},
		{"preadv", raw(Preadv, s64(22), u32(100), data, s64(7), u64(9)), readOf(flow.OpPreadv, 7), nil},

		// writes
		{"write", raw(Write, s64(22), data, s64(7), u32(100)), writeOf(7), nil},
		{"write: EBADF", raw(Write, s64(-9), data, s64(7), u32(100)), failed(writeOf(7)), nil},
		{"writev", raw(Writev, s64(22), data, s64(7), u32(100)), writeOf(7), nil},
		{"pwrite", raw(Pwrite, s64(22), data, s64(7), u32(100), u64(9)), writeOf(7), nil},
		{"pwritev", raw(Pwritev, s64(22), data, s64(7), u32(100), u64(9)), writeOf(7), nil},
		{"writev of an old version", raw(Writev, s64(22), data), event(Event{}), ErrIncomplete},

		// both sides
		{"sendfile", raw(Sendfile, s64(22), u64(0), s64(5), s64(6), u64(22)),
			event(Event{Kind: Access, Op: flow.OpSendfile, In: 6, Out: 5}), nil},
		{"splice", raw(Splice, s64(22), s64(5), s64(6), u64(22), u32(0)),
			event(Event{Kind: Access, Op: flow.OpSplice, In: 5, Out: 6}), nil},
		{"copy_file_range", raw(CopyFileRange, s64(22), s64(5), u64(0), s64(6), u64(0), u64(22)),
			event(Event{Kind: Access, Op: flow.OpCopyFileRange, In: 6, Out: 5}), nil},
		{"copy_file_range: EXDEV", raw(CopyFileRange, s64(-18), s64(5), u64(0), s64(6), u64(0), u64(22)),
			failed(event(Event{Kind: Access, Op: flow.OpCopyFileRange, In: 6, Out: 5})), nil},
		{"sendfile without its input", raw(Sendfile, s64(22), u64(0), s64(5), none, u64(22)), event(Event{}), ErrIncomplete},

		// mappings
		{"mmap for reading", raw(Mmap, mmap(4096, protRead, 2, 7)...),
			event(Event{Kind: Access, Op: flow.OpMmap, In: 7, Out: NoFD, Mapped: true}), nil},
		{"mmap for execution", raw(Mmap2, mmap(4096, protExec, 2, 7)...),
			event(Event{Kind: Access, Op: flow.OpMmap, In: 7, Out: NoFD, Mapped: true}), nil},
		{"mmap shared, for both", raw(Mmap, mmap(4096, protRead|protWrite, mapShared, 7)...),
			event(Event{Kind: Access, Op: flow.OpMmap, In: 7, Out: 7, Mapped: true}), nil},
		{"mmap shared, for writing", raw(Mmap, mmap(4096, protWrite, mapShared, 7)...),
			event(Event{Kind: Access, Op: flow.OpMmap, In: NoFD, Out: 7, Mapped: true}), nil},
		{"mmap private, for both", raw(Mmap, mmap(4096, protRead|protWrite, 2, 7)...),
			event(Event{Kind: Access, Op: flow.OpMmap, In: 7, Out: NoFD, Mapped: true}), nil},
		{"mmap private, for writing", raw(Mmap, mmap(4096, protWrite, 2, 7)...), nothing, nil},
		{"mmap of nothing yet", raw(Mmap, mmap(4096, 0, mapShared, 7)...), nothing, nil},
		{"mmap anonymous", raw(Mmap, mmap(4096, protRead, mapAnonymous, 7)...), nothing, nil},
		{"mmap of fd -1", raw(Mmap, mmap(4096, protRead, 2, -1)...), nothing, nil},
		{"mmap: EACCES", raw(Mmap, mmap(-13, protRead, 2, 7)...), nothing, nil},
		{"mmap of an old version", raw(Mmap, s64(4096), u32(1), u32(2), u32(3)), event(Event{}), ErrIncomplete},

		// opens
		{"open", raw(Open, open(3, rdonly)...), event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino}), nil},
		{"open with O_TRUNC", raw(Open, open(3, wronly|openTruncate)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Truncated: true}), nil},
		{"open that created", raw(Open, open(3, wronly|create|openCreated)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Created: true}), nil},
		{"open with O_CREAT of what existed", raw(Open, open(3, wronly|create)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino}), nil},
		{"open with O_TMPFILE", raw(Open, open(3, wronly|openTemporary)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Created: true}), nil},
		{"open of a directory", raw(Open, open(3, rdonly|openTemporary)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino}), nil},
		{"open on an overlay's upper layer", raw(Open, open(3, rdonly|openUpper)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Overlay: true}), nil},
		{"open on an overlay's lower layer", raw(Open, open(3, rdonly|openLower)...),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Overlay: true}), nil},
		{"open: ENOENT", raw(Open, open(-2, wronly|openTruncate)...), nothing, nil},
		{"open of fd 0", raw(Open, open(0, rdonly)...), event(Event{Kind: Opened, FD: 0, Device: dev, Inode: ino}), nil},
		{"open of a version without inodes", raw(Open, s64(3), str("/x"), u32(wronly|openTruncate), u32(0), u32(dev)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Truncated: true}), nil},
		{"open of a version without devices", raw(Open, s64(3), str("/x"), u32(wronly|openTruncate), u32(0), none, none),
			event(Event{Kind: Opened, FD: 3, Truncated: true}), nil},
		{"open with an inode and no device", raw(Open, s64(3), str("/x"), u32(0), u32(0), none, u64(ino)),
			event(Event{Kind: Opened, FD: 3}), nil},
		{"open without its flags", raw(Open, s64(3), str("/x"), none), event(Event{FD: 3}), ErrIncomplete},
		{"openat", raw(Openat, s64(3), s64(AtCwd), str("x"), u32(wronly|openCreated), u32(0), u32(dev), u64(ino)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Created: true}), nil},
		{"openat2", raw(Openat2, s64(3), s64(AtCwd), str("x"), u32(wronly|openTruncate), u32(0), u32(0), u32(dev), u64(ino)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Truncated: true}), nil},
		{"open_by_handle_at", raw(OpenByHandleAt, s64(3), s64(4), u32(wronly|openTruncate), str("/x"), u32(dev), u64(ino)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Truncated: true}), nil},
		{"creat", raw(Creat, s64(3), str("/x"), u32(0o644), u32(dev), u64(ino), u16(0)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Truncated: true}), nil},
		{"creat on an overlay", raw(Creat, s64(3), str("/x"), u32(0o644), u32(dev), u64(ino), u16(creatUpper)),
			event(Event{Kind: Opened, FD: 3, Device: dev, Inode: ino, Truncated: true, Overlay: true}), nil},
		{"creat of an old version", raw(Creat, s64(3), str("/x"), u32(0o644)), event(Event{Kind: Opened, FD: 3, Truncated: true}), nil},
		{"creat: EROFS", raw(Creat, s64(-30), str("/x"), u32(0o644), u32(0), u64(0), u16(0)), nothing, nil},

		// programs
		{"execve", raw(Execve, exec(0, u32(0), u64(ino), str("/bin/x"))...),
			event(Event{Kind: Executed, Inode: ino, Path: []byte("/bin/x")}), nil},
		{"execve on an upper layer", raw(Execve, exec(0, u32(exeUpper), u64(ino), str("/bin/x"))...),
			event(Event{Kind: Executed, Inode: ino, Overlay: true, Path: []byte("/bin/x")}), nil},
		{"execve on a lower layer", raw(Execve, exec(0, u32(exeLower), u64(ino), str("/bin/x"))...),
			event(Event{Kind: Executed, Inode: ino, Overlay: true, Path: []byte("/bin/x")}), nil},
		{"execve of a writable file", raw(Execve, exec(0, u32(1<<0), u64(ino), str("/bin/x"))...),
			event(Event{Kind: Executed, Inode: ino, Path: []byte("/bin/x")}), nil},
		{"execveat of a memfd", raw(Execveat, exec(0, u32(exeFromMemfd), u64(ino), str("memfd:x"))...),
			event(Event{Kind: Executed, Inode: ino, FromMemfd: true, Path: []byte("memfd:x")}), nil},
		{"execve: ENOENT", raw(Execve, exec(-2, u32(0), u64(0), none)...), nothing, nil},
		{"execve of an old version", raw(Execve, exec(0, none, none, none)[:20]...), event(Event{Kind: Executed}), nil},
		{"execve with a path that has no NUL", raw(Execve, exec(0, u32(0), u64(ino), []byte("/bin/x"))...),
			event(Event{Kind: Executed, Inode: ino, Path: []byte("/bin/x")}), nil},

		// named pipes
		{"mknod of a pipe", raw(Mknod, s64(0), str("/p"), u32(modePipe|0o644), u32(0)),
			event(Event{Kind: MadePipe, DirFD: AtCwd, Path: []byte("/p")}), nil},
		{"mknodat of a pipe", raw(Mknodat, s64(0), s64(5), str("p"), u32(modePipe|0o644), u32(0)),
			event(Event{Kind: MadePipe, DirFD: 5, Path: []byte("p")}), nil},
		{"mknod of a file", raw(Mknod, s64(0), str("/p"), u32(0o100644), u32(0)), nothing, nil},
		{"mknod of a socket, whose bits hold a pipe's", raw(Mknod, s64(0), str("/p"), u32(0o140644), u32(0)), nothing, nil},
		{"mknod: EEXIST", raw(Mknod, s64(-17), str("/p"), u32(modePipe), u32(0)), nothing, nil},
		{"mknod without a path", raw(Mknod, s64(0), none, u32(modePipe), u32(0)), event(Event{DirFD: AtCwd}), nil},
		{"mknodat without a directory", raw(Mknodat, s64(0), none, str("p"), u32(modePipe), u32(0)), event(Event{}), ErrIncomplete},

		// containers; lengths are of four bytes
		{"container", raw(Async, u32(0), str("container"), str(`{"container":{}}`)),
			event(Event{Kind: Described, Data: []byte(`{"container":{}}`)}), nil},
		{"container_removed", raw(Async, u32(0), str("container_removed"), str(`{}`)),
			event(Event{Kind: Removed, Data: []byte(`{}`)}), nil},
		{"container of 70,000 bytes", raw(Async, u32(0), str("container"), make([]byte, 70000)),
			event(Event{Kind: Described, Data: make([]byte, 69999)}), nil},
		{"xim", raw(Async, u32(0), str("xim"), str(`{"seq":1}`)),
			event(Event{Kind: Crossed, Data: []byte(`{"seq":1}`)}), nil},
		{"another plugin's event", raw(Async, u32(0), str("dropped_asynch"), str(`{}`)), nothing, nil},
		{"async without parameters", raw(Async), nothing, nil},

		// what nobody asked for
		{"close", raw(5, s64(0), s64(3)), nothing, nil},
		{"a code that does not exist", raw(65535, s64(0)), nothing, nil},
		{"procexit without parameters", raw(186), nothing, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := Event{Kind: Removed, In: 99, Out: 99, FD: 99, Inode: 99, Path: []byte("of the event before")}
			err := Decode(tc.raw, &e)
			if !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			if tc.err != nil {
				if e.Kind != Nothing {
					t.Errorf("kind %d with an error", e.Kind)
				}
				return
			}
			if !same(e, tc.want) {
				t.Errorf("\n got %+v\nwant %+v", e, tc.want)
			}
		})
	}
}

// same compares events; an empty text is as good as none.
func same(a, b Event) bool {
	for _, e := range []*Event{&a, &b} {
		if len(e.Path) == 0 {
			e.Path = nil
		}
		if len(e.Data) == 0 {
			e.Data = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// Events that lie about themselves.
func TestDecodeLies(t *testing.T) {
	read := raw(Read, s64(1), []byte("x"), s64(7), u32(1))
	container := raw(Async, u32(0), str("container"), str("{}"))
	firstLength := func(b []byte, n uint16) []byte {
		c := append([]byte(nil), b...)
		binary.LittleEndian.PutUint16(c[headerSize:], n)
		return c
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		err  error
	}{
		{"no bytes", nil, ErrMalformed},
		{"half a header", read[:headerSize/2], ErrMalformed},
		{"a header less its last byte", read[:headerSize-1], ErrMalformed},
		{"a header, and no lengths", withLen(append([]byte(nil), read[:headerSize]...)), ErrMalformed},
		{"half of the lengths", withLen(append([]byte(nil), read[:headerSize+4]...)), ErrMalformed},
		{"lengths, and no values", withLen(append([]byte(nil), read[:headerSize+8]...)), ErrMalformed},
		{"cut by one byte", withLen(append([]byte(nil), read[:len(read)-1]...)), ErrMalformed},
		{"a length larger than the bytes", with(read, offsetLen, uint32(len(read)+1)), ErrMalformed},
		{"a length smaller than the bytes", with(read, offsetLen, uint32(len(read)-1)), ErrMalformed},
		{"length 0", with(read, offsetLen, 0), ErrMalformed},
		{"the largest length", with(read, offsetLen, 1<<32-1), ErrMalformed},
		{"no parameters said", with(read, offsetNParams, 0), ErrIncomplete},
		{"fewer parameters said", with(read, offsetNParams, 2), ErrIncomplete},
		{"one parameter too many", with(read, offsetNParams, 5), ErrMalformed}, // its length is read from the values
		{"65 parameters", with(read, offsetNParams, maxParams+1), ErrMalformed},
		{"2^31 parameters", with(read, offsetNParams, 1<<31), ErrMalformed},
		{"2^32 - 1 parameters", with(read, offsetNParams, 1<<32-1), ErrMalformed},
		{"a parameter of 65,535 bytes", firstLength(read, 1<<16-1), ErrMalformed},
		{"a parameter one byte longer", firstLength(read, 9), ErrMalformed},
		{"a parameter one byte shorter", firstLength(read, 7), ErrIncomplete},
		{"bytes behind the parameters", withLen(append(append([]byte(nil), read...), "more"...)), nil},
		{"a long length of 2^32 - 1", with(container, headerSize, 1<<32-1), ErrMalformed},
		{"all lengths 2^32 - 1", with(with(with(container, headerSize, 1<<32-1), headerSize+4, 1<<32-1), headerSize+8, 1<<32-1), ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Event
			err := Decode(tc.raw, &e)
			if !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			if err != nil && e.Kind != Nothing {
				t.Errorf("kind %d with an error", e.Kind)
			}
		})
	}
}

// A decoded event points into the raw one: nothing is allocated.
func TestDecodeAllocatesNothing(t *testing.T) {
	for _, b := range [][]byte{
		raw(Read, s64(1), []byte("x"), s64(7), u32(1)),
		raw(Async, u32(0), str("container"), str("{}")),
		raw(Execve, exec(0, u32(0), u64(ino), str("/bin/x"))...),
	} {
		var e Event
		if n := testing.AllocsPerRun(100, func() {
			if err := Decode(b, &e); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%.0f allocations for an event of type %d", n, code(b))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range [][]byte{
		raw(Read, s64(1), []byte("x"), s64(7), u32(1)),
		raw(Writev, s64(1), []byte("x"), s64(7), u32(1)),
		raw(Sendfile, s64(22), u64(0), s64(5), s64(6), u64(22)),
		raw(Mmap, s64(4096), u32(1), u32(2), u32(3), u64(0), u64(4096), u32(3), u32(1), s64(7), u64(0)),
		raw(Open, s64(3), str("/x"), u32(1<<14), u32(0), u32(dev), u64(ino)),
		raw(Openat2, s64(3), s64(AtCwd), str("x"), u32(2), u32(0), u32(0), u32(dev), u64(ino)),
		raw(Creat, s64(3), str("/x"), u32(0o644), u32(dev), u64(ino), u16(1)),
		raw(Execve, exec(0, u32(0), u64(ino), str("/bin/x"))...),
		raw(Mknodat, s64(0), s64(5), str("p"), u32(modePipe), u32(0)),
		raw(Async, u32(0), str("container"), str("{}")),
	} {
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, truthful bool) {
		if truthful && len(b) >= headerSize {
			b = withLen(append([]byte(nil), b...)) // else hardly any would get further
		}
		// Memory behind the event that must not be looked at.
		room := append(append([]byte(nil), b...), "behind the event"...)
		var e, again Event
		err := Decode(room[:len(b):len(b)], &e)
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrIncomplete) {
			t.Fatalf("error %v", err)
		}
		if err != nil && e.Kind != Nothing {
			t.Fatalf("kind %d with an error", e.Kind)
		}
		for i := len(b); i < len(room); i++ {
			room[i] = 0xff
		}
		if err2 := Decode(room[:len(b)], &again); err2 != err || fmt.Sprintf("%+v", e) != fmt.Sprintf("%+v", again) {
			t.Fatalf("what is behind the event matters:\n%+v, %v\n%+v, %v", e, err, again, err2)
		}
		switch e.Kind {
		case Access:
			if e.In == NoFD && e.Out == NoFD && !e.Failed && e.Mapped {
				t.Fatalf("a mapping of nothing: %+v", e)
			}
		case Opened:
			if e.FD < 0 {
				t.Fatalf("an open without a descriptor: %+v", e)
			}
		case MadePipe:
			if len(e.Path) == 0 {
				t.Fatalf("a pipe without a path: %+v", e)
			}
		}
	})
}
