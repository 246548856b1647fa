package kernel

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is needed of io_uring to do one operation: the numbers and layouts are those
// of the kernel's interface.
const (
	sysSetup, sysEnter           = 425, 426
	opRead, opWrite              = 22, 23
	offRings, offEntries         = 0, 0x10000000
	enterGetEvents       uintptr = 1
	entrySize                    = 64
)

type uringParams struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wqFD uint32
	_                                                                  [3]uint32
	sq                                                                 struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

func uringRead(fd int, b []byte) (int, error)  { return uring(opRead, fd, b) }
func uringWrite(fd int, b []byte) (int, error) { return uring(opWrite, fd, b) }

// uring does one operation at the start of a file.
func uring(op byte, fd int, b []byte) (int, error) {
	var p uringParams
	ring, _, e := unix.Syscall(sysSetup, 1, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return 0, e
	}
	defer unix.Close(int(ring))
	if p.features&1 == 0 {
		return 0, errors.New("io_uring: the rings are apart")
	}
	size := max(int(p.sq.array+p.sqEntries*4), int(p.cq.cqes+p.cqEntries*16))
	rings, err := unix.Mmap(int(ring), offRings, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(rings)
	entries, err := unix.Mmap(int(ring), offEntries, entrySize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(entries)

	// Go may move its own memory meanwhile.
	data, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(data)
	n := copy(data, b)

	entries[0] = op
	*(*int32)(unsafe.Pointer(&entries[4])) = int32(fd)
	*(*uint64)(unsafe.Pointer(&entries[16])) = uint64(uintptr(unsafe.Pointer(&data[0])))
	*(*uint32)(unsafe.Pointer(&entries[24])) = uint32(n)
	atomic.AddUint32((*uint32)(unsafe.Pointer(&rings[p.sq.tail])), 1)
	if _, _, e := unix.Syscall6(sysEnter, ring, 1, 1, enterGetEvents, 0, 0); e != 0 {
		return 0, e
	}
	if atomic.LoadUint32((*uint32)(unsafe.Pointer(&rings[p.cq.tail]))) == 0 {
		return 0, errors.New("io_uring: nothing was completed")
	}
	result := *(*int32)(unsafe.Pointer(&rings[p.cq.cqes+8]))
	if result < 0 {
		return 0, unix.Errno(-result)
	}
	return int(result), nil
}
