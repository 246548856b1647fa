package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A Kind says what a Record tells.
type Kind uint8

// The kinds.
const (
	Write   Kind = 1 + iota // a subject's first write of an object
	Read                    // a subject's first read since the last such write
	Emptied                 // nothing of what was written is left
	Cgroup                  // the path of a cgroup, before the first record with it
)

// An Object is an inode; a number that is used again has another generation.
type Object struct {
	Ino        uint64
	Dev        uint32
	Generation uint32
}

// Key is the object's name in the engine.
func (o Object) Key() flow.Key { return flow.FileKey(o.Dev, o.Generation, o.Ino) }

// objectOf undoes Key.
func objectOf(k flow.Key) Object {
	dev, generation, ino := k.File()
	return Object{ino, dev, generation}
}

// A Subject is who acted, as the kernel tells them apart.
type Subject struct {
	Comm   [16]byte // of the thread group's leader
	Cgroup uint64
	Extra  uint64
}

// A Record is one thing that the kernel passed on.
type Record struct {
	At      uint64 // since boot, nanoseconds
	Object  Object
	Subject Subject
	PID     int32 // of the thread group
	TID     int32
	UID     uint32
	Kind    Kind
	Op      flow.Op
	Pipe    bool // the object is a named pipe
	Emptied bool // it was emptied before this, and that could not be told then
	Cut     bool // the path lacks its beginning

	Path    string // as who acted sees it; of a cgroup, in its hierarchy
	Program string // the path of who acted, with ByExePath
}

// The flags of a record, as the programs set them.
const (
	flagEmptied = 1 << iota
	flagPipe
	flagCut
	flagNoPath
)

const recordSize = int(unsafe.Sizeof(directRecord{}))

var (
	errShort   = errors.New("record is too short")
	errUnknown = errors.New("record of an unknown kind or operation")
)

// decode reads a record from the ring. Its strings are new.
func (r *Record) decode(raw []byte) error {
	var head directRecord
	if len(raw) < recordSize {
		return fmt.Errorf("%w: %d bytes, want %d", errShort, len(raw), recordSize)
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&head)), recordSize), raw)
	if Kind(head.Kind) < Write || Kind(head.Kind) > Cgroup || flow.Op(head.Op) > flow.OpAIO {
		return fmt.Errorf("%w: %d, %d", errUnknown, head.Kind, head.Op)
	}
	names := raw[recordSize:]
	if int(head.Length) > len(names) || head.Program > head.Length {
		return fmt.Errorf("%w: %d bytes of names, want %d", errShort, len(names), head.Length)
	}
	names = names[:head.Length]
	*r = Record{
		At:      head.At,
		Object:  Object{head.Object.Ino, head.Object.Dev, head.Object.Generation},
		Subject: Subject{Cgroup: head.Subject.Cgroup, Extra: head.Subject.Extra},
		PID:     int32(head.Pid),
		TID:     int32(head.Tid),
		UID:     head.Uid,
		Kind:    Kind(head.Kind),
		Op:      flow.Op(head.Op),
		Pipe:    head.Flags&flagPipe != 0,
		Emptied: head.Flags&flagEmptied != 0,
		Cut:     head.Flags&flagCut != 0,
	}
	binary.NativeEndian.PutUint64(r.Subject.Comm[:8], head.Subject.Comm[0])
	binary.NativeEndian.PutUint64(r.Subject.Comm[8:], head.Subject.Comm[1])
	if head.Program > 0 {
		r.Program = path(names[head.Program:], "/")
		names = names[:head.Program]
	}
	start := "/"
	switch {
	case head.Flags&flagNoPath != 0:
		start = ""
	case r.Cut:
		start = ".../"
	}
	r.Path = path(names, start)
	return nil
}

// path puts a path together from its elements, the last of which comes first, each
// with a NUL behind it.
func path(names []byte, start string) string {
	b := make([]byte, 0, 256) // on the stack, where that is enough
	b = append(b, start...)
	for end := len(names) - 1; end >= 0; {
		begin := bytes.LastIndexByte(names[:end], 0) + 1
		b = append(b, names[begin:end]...)
		if end = begin - 1; end >= 0 {
			b = append(b, '/')
		}
	}
	return string(b)
}

// Name is the subject's name, as its leader's comm.
func (s *Subject) Name() string {
	name, _, _ := bytes.Cut(s.Comm[:], []byte{0})
	return string(name)
}
