package scap

import "encoding/binary"

// Types of the file's blocks, in the newest form of each.
const (
	blockSection   = 0x0a0d0d0a
	blockMachine   = 0x201
	blockProcesses = 0x215
	blockEvent     = 0x216
	blockFDs       = 0x218
	blockUsers     = 0x220
	blockLarge     = 0x221 // an event whose lengths are four bytes each
)

const (
	byteOrderMagic = 0x1a2b3c4d
	versionMajor   = 1
	versionMinor   = 2
	lengthUnknown  = 1<<64 - 1
)

// The made-up machine.
const (
	hostname = "xim-test"
	memory   = 4 << 30 // bytes
	bootedNs = 3600e9  // before Start
)

// savefile lays the blocks out in the order in which libscap itself writes them.
func (w *Writer) savefile() []byte {
	b := appendBlock(nil, blockSection, sectionBody())
	b = appendBlock(b, blockMachine, w.machineBody())
	b = appendBlock(b, blockUsers, usersBody(w.users))
	if len(w.procs) > 0 {
		b = appendBlock(b, blockProcesses, processesBody(w.procs))
	}
	for _, fd := range w.fds {
		b = appendBlock(b, blockFDs, fd.body())
	}
	for _, e := range w.events {
		kind := uint32(blockEvent)
		if e.large {
			kind = blockLarge
		}
		b = appendBlock(b, kind, append(U16(e.cpu), e.bytes...))
	}
	return b
}

// appendBlock adds a block: its type and length, the body padded to four bytes, and the
// length again.
func appendBlock(b []byte, kind uint32, body []byte) []byte {
	padding := -len(body) & 3
	length := uint32(4 + 4 + len(body) + padding + 4)
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = binary.LittleEndian.AppendUint32(b, length)
	b = append(b, body...)
	b = append(b, make([]byte, padding)...)
	return binary.LittleEndian.AppendUint32(b, length)
}

func sectionBody() []byte {
	b := U32(byteOrderMagic)
	b = append(b, U16(versionMajor)...)
	b = append(b, U16(versionMinor)...)
	return append(b, U64(lengthUnknown)...)
}

func (w *Writer) machineBody() []byte {
	cpus := uint32(1)
	for _, e := range w.events {
		cpus = max(cpus, uint32(e.cpu)+1)
	}
	var name [128]byte
	copy(name[:], hostname)
	b := U32(cpus)
	b = append(b, U64(memory)...)
	b = append(b, U64(0)...) // highest process id: recorded captures have 0
	b = append(b, name[:]...)
	b = append(b, U64(uint64(Start.UnixNano()-bootedNs))...)
	return append(b, make([]byte, 3*8)...) // flags, and two reserved
}

// appendShort adds a string with its length in two bytes before it.
func appendShort(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// withLength puts an entry's length, itself included, in four bytes before it.
func withLength(entry []byte) []byte {
	return append(U32(uint32(4+len(entry))), entry...)
}
