package scap

import "net/netip"

// FDType is what an fd refers to, in libscap's numbers.
type FDType uint8

// Types of fds.
const (
	FDFileOld   FDType = 1 // a file of which only the path is known
	FDDirectory FDType = 2
	FDIPv4      FDType = 3
	FDFifo      FDType = 7
	FDUnix      FDType = 8
	FDEvent     FDType = 9
	FDFile      FDType = 16
	FDMemfd     FDType = 20
)

// FD is an fd that was open before the capture began.
type FD struct {
	FD   int64
	Type FDType // FDFile, if left out
	Name string
	Ino  uint64

	Flags OpenFlags // FDFile only
	Dev   uint32    // FDFile only

	Local, Remote netip.AddrPort // FDIPv4 only; TCP
}

// listedFD is an fd in the table of a process.
type listedFD struct {
	FD
	tid int64
}

// HasFD puts an fd into the table of the process whose leader is tid.
func (w *Writer) HasFD(tid int64, fd FD) {
	if len(fd.Name) > maxPath {
		w.fail("fd %d: %w", fd.FD, tooLong("name", len(fd.Name), maxPath))
	}
	if fd.Type == 0 {
		fd.Type = FDFile
	}
	w.fds = append(w.fds, listedFD{fd, tid})
}

// body is a block with this fd alone; libscap takes any number of blocks a process.
func (f listedFD) body() []byte {
	entry := I64(f.FD.FD)
	entry = append(entry, U64(f.Ino)...)
	entry = append(entry, byte(f.Type))
	switch f.Type {
	case FDFile:
		entry = append(entry, U32(uint32(f.Flags))...)
		entry = appendShort(entry, f.Name)
		entry = append(entry, U32(f.Dev)...)
	case FDIPv4:
		const tcp = 1
		entry = append(entry, ipv4(f.Local)...)
		entry = append(entry, ipv4(f.Remote)...)
		entry = append(entry, U16(f.Local.Port())...)
		entry = append(entry, U16(f.Remote.Port())...)
		entry = append(entry, tcp)
	case FDUnix:
		entry = append(entry, make([]byte, 2*8)...) // the two ends' addresses
		entry = appendShort(entry, f.Name)
	default:
		entry = appendShort(entry, f.Name)
	}
	return append(I64(f.tid), withLength(entry)...)
}

func ipv4(a netip.AddrPort) []byte {
	if !a.Addr().Is4() {
		return make([]byte, 4)
	}
	b := a.Addr().As4()
	return b[:]
}
