package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// An aioRequest is Linux AIO's iocb.
type aioRequest struct {
	data          uint64
	key, flags    uint32
	what          uint16
	priority      int16
	fd            uint32
	buf, size     uint64
	offset        int64
	_             uint64
	more, eventFD uint32
}

func aioRead(fd int, b []byte) (int, error)  { return aio(0, fd, b) }
func aioWrite(fd int, b []byte) (int, error) { return aio(1, fd, b) }

// aio does one request at the start of a file.
func aio(what uint16, fd int, b []byte) (int, error) {
	data, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(data)
	var context uintptr
	if _, _, e := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&context)), 0); e != 0 {
		return 0, e
	}
	defer unix.Syscall(unix.SYS_IO_DESTROY, context, 0, 0)
	r := (*aioRequest)(unsafe.Pointer(&data[0]))
	list := (*uintptr)(unsafe.Pointer(&data[1024]))
	*list = uintptr(unsafe.Pointer(r))
	r.what, r.fd = what, uint32(fd)
	r.size = uint64(copy(data[2048:], b))
	r.buf = uint64(uintptr(unsafe.Pointer(&data[2048])))
	if _, _, e := unix.Syscall(unix.SYS_IO_SUBMIT, context, 1, uintptr(unsafe.Pointer(list))); e != 0 {
		return 0, e
	}
	var done [4]int64 // data, request, result, more
	if _, _, e := unix.Syscall6(unix.SYS_IO_GETEVENTS, context, 1, 1, uintptr(unsafe.Pointer(&done)), 0, 0); e != 0 {
		return 0, e
	}
	if done[2] < 0 {
		return 0, unix.Errno(-done[2])
	}
	return int(done[2]), nil
}
