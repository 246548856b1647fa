package event

import (
	"encoding/binary"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A layout says where an access has its two descriptors, as indices of
// parameters; -1 where it has none. The result, the bytes moved, comes first.
type layout struct {
	op      flow.Op
	in, out int
}

var accesses = map[uint16]layout{
	Read:          {op: flow.OpRead, in: 2, out: -1},
	Readv:         {op: flow.OpReadv, in: 3, out: -1},
	Pread:         {op: flow.OpPread, in: 2, out: -1},
	Preadv:        {op: flow.OpPreadv, in: 3, out: -1},
	Write:         {in: -1, out: 2},
	Writev:        {in: -1, out: 2},
	Pwrite:        {in: -1, out: 2},
	Pwritev:       {in: -1, out: 2},
	Sendfile:      {op: flow.OpSendfile, in: 3, out: 2},
	Splice:        {op: flow.OpSplice, in: 1, out: 2},
	CopyFileRange: {op: flow.OpCopyFileRange, in: 3, out: 1},
}

// An opening says where an open has its flags, device and inode.
type opening struct{ flags, device, inode int }

var openings = map[uint16]opening{
	Open:           {2, 4, 5},
	Openat:         {3, 5, 6},
	Openat2:        {3, 6, 7},
	OpenByHandleAt: {2, 4, 5},
	Creat:          {5, 3, 4},
}

// Flags as libscap writes them.
const (
	openWrite     = 1 << 1
	openTruncate  = 1 << 8
	openTemporary = 1 << 13 // set for directories too
	openCreated   = 1 << 14
	openUpper     = 1 << 15
	openLower     = 1 << 16

	creatUpper = 1 << 0
	creatLower = 1 << 1

	protRead  = 1 << 0
	protWrite = 1 << 1
	protExec  = 1 << 2

	mapShared    = 1 << 0
	mapAnonymous = 1 << 3

	exeUpper     = 1 << 1
	exeFromMemfd = 1 << 2
	exeLower     = 1 << 3

	modeType = 0o170000
	modePipe = 0o010000
)

// Decode reads a raw event into e. An event of a type that is not known here
// means Nothing.
func Decode(raw []byte, e *Event) error {
	p, err := parse(raw)
	*e = Event{In: NoFD, Out: NoFD, FD: NoFD}
	if err != nil {
		return err
	}
	e.Time = int64(binary.LittleEndian.Uint64(raw))
	e.Thread = int64(binary.LittleEndian.Uint64(raw[8:]))
	switch c := code(raw); c {
	case Open, Openat, Openat2, OpenByHandleAt, Creat:
		return e.open(&p, openings[c], c == Creat)
	case Mmap, Mmap2:
		return e.mmap(&p)
	case Execve, Execveat:
		return e.exec(&p)
	case Mknod:
		return e.mknod(&p, -1, 1, 2)
	case Mknodat:
		return e.mknod(&p, 1, 2, 3)
	case Rename, Link:
		return e.named(&p, 2)
	case Renameat, Linkat, Renameat2:
		return e.named(&p, 4)
	case Async:
		return e.async(&p)
	default:
		if l, ok := accesses[c]; ok {
			return e.access(&p, l)
		}
	}
	return nil
}

func (e *Event) access(p *params, l layout) error {
	res, ok := p.s64(0)
	if !ok {
		return ErrIncomplete
	}
	for _, side := range [...]struct {
		fd    *int64
		index int
	}{{&e.In, l.in}, {&e.Out, l.out}} {
		if side.index < 0 {
			continue
		}
		if *side.fd, ok = p.s64(side.index); !ok {
			*side.fd = NoFD
			return ErrIncomplete
		}
	}
	e.Kind, e.Op, e.Failed = Access, l.op, res <= 0
	return nil
}

func (e *Event) mmap(p *params) error {
	res, ok1 := p.s64(0)
	prot, ok2 := p.u32(6)
	flags, ok3 := p.u32(7)
	fd, ok4 := p.s64(8)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return ErrIncomplete
	}
	if res < 0 || fd < 0 || flags&mapAnonymous != 0 {
		return nil
	}
	if prot&(protRead|protExec) != 0 {
		e.In = fd
	}
	if prot&protWrite != 0 && flags&mapShared != 0 {
		e.Out = fd
	}
	if e.In != NoFD || e.Out != NoFD {
		e.Kind, e.Op, e.Mapped = Access, flow.OpMmap, true
	}
	return nil
}

func (e *Event) open(p *params, at opening, creat bool) error {
	fd, ok := p.s64(0)
	if !ok {
		return ErrIncomplete
	}
	if fd < 0 {
		return nil
	}
	e.FD = fd
	if creat {
		if layers := p.bytes(at.flags); len(layers) == 2 {
			e.Overlay = layers[0]&(creatUpper|creatLower) != 0
		}
		e.Truncated = true
	} else {
		flags, ok := p.u32(at.flags)
		if !ok {
			return ErrIncomplete
		}
		e.Truncated = flags&openTruncate != 0
		e.Created = flags&openCreated != 0 || flags&openTemporary != 0 && flags&openWrite != 0
		e.Overlay = flags&(openUpper|openLower) != 0
	}
	e.Device, ok = p.u32(at.device)
	if ino, known := p.u64(at.inode); ok && known {
		e.Inode = ino
	}
	e.Kind = Opened
	return nil
}

func (e *Event) exec(p *params) error {
	res, ok := p.s64(0)
	if !ok {
		return ErrIncomplete
	}
	if res != 0 {
		return nil
	}
	e.Kind = Executed
	e.Inode, _ = p.u64(23)
	flags, _ := p.u32(19)
	e.Overlay = flags&(exeUpper|exeLower) != 0
	e.FromMemfd = flags&exeFromMemfd != 0
	e.Path = p.text(27)
	return nil
}

func (e *Event) mknod(p *params, dirfd, path, mode int) error {
	res, ok := p.s64(0)
	m, ok2 := p.u32(mode)
	if !ok || !ok2 {
		return ErrIncomplete
	}
	if res != 0 || m&modeType != modePipe {
		return nil
	}
	e.DirFD = AtCwd
	if dirfd >= 0 {
		if e.DirFD, ok = p.s64(dirfd); !ok {
			return ErrIncomplete
		}
	}
	if e.Path = p.text(path); len(e.Path) > 0 {
		e.Kind = MadePipe
	}
	return nil
}

// named takes a rename or link, whose new name is the parameter.
func (e *Event) named(p *params, path int) error {
	res, ok := p.s64(0)
	if !ok {
		return ErrIncomplete
	}
	if e.Path = p.text(path); res == 0 && len(e.Path) > 0 {
		e.Kind = Named
	}
	return nil
}

func (e *Event) async(p *params) error {
	switch string(p.text(1)) {
	case "container":
		e.Kind = Described
	case "container_removed":
		e.Kind = Removed
	case "xim":
		e.Kind = Crossed
	default:
		return nil
	}
	e.Data = p.text(2)
	return nil
}
