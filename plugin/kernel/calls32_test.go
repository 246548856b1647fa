package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A 32-bit program, made here so that no compiler is needed: it opens the file "f" in
// its directory, does one system call on it (its descriptor is 3), and exits with 0
// unless that failed.

// calls32 are the ways to read and write, as {number, arguments}; data is at `at`.
var calls32 = map[string][]uint32{
	"read":      {3, 3, at + 64, 10},
	"write":     {4, 3, at + 64, 10},
	"pread":     {180, 3, at + 64, 10, 0, 0},
	"pwrite":    {181, 3, at + 64, 10, 0, 0},
	"readv":     {145, 3, at + 16, 1},
	"writev":    {146, 3, at + 16, 1},
	"preadv":    {333, 3, at + 16, 1, 0, 0},
	"pwritev":   {334, 3, at + 16, 1, 0, 0},
	"preadv2":   {378, 3, at + 16, 1, 0, 0},
	"pwritev2":  {379, 3, at + 16, 1, 0, 0},
	"mmap":      {192, 0, 4096, 1, 2, 3},
	"old_mmap":  {90, at + 24},
	"ftruncate": {93, 3, 0},
}

const (
	base32 = 0x08048000
	at     = base32 + 0x800 // where the data is
)

// program32 makes the program.
func program32(call []uint32) []byte {
	var code bytes.Buffer
	emit := func(numbers ...uint32) {
		// mov eax, ebx, ecx, edx, esi, edi: immediate
		for i, n := range numbers {
			code.WriteByte([]byte{0xb8, 0xbb, 0xb9, 0xba, 0xbe, 0xbf}[i])
			binary.Write(&code, binary.LittleEndian, n)
		}
		code.Write([]byte{0xcd, 0x80}) // int 0x80
	}
	emit(5, at, 2) // open("f", O_RDWR)
	emit(call...)
	// exit(result is an error): xor ebx, ebx; cmp eax, -4096; seta bl
	code.Write([]byte{0x31, 0xdb, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x0f, 0x97, 0xc3, 0xb8, 1, 0, 0, 0, 0xcd, 0x80})

	image := make([]byte, 0x1000)
	header := []uint32{
		0x464c457f, 0x00010101, 0, 0, // ELF, 32 bits
		3<<16 | 2, 1, base32 + 0x80, 52, 0, 0, 32<<16 | 52, 1, 0,
		// One segment, all of it readable, writable and executable.
		1, 0, base32, base32, uint32(len(image)), uint32(len(image)), 7, 0x1000,
	}
	for i, n := range header {
		binary.LittleEndian.PutUint32(image[i*4:], n)
	}
	copy(image[0x80:], code.Bytes())
	data := image[at-base32:]
	data[0] = 'f'
	binary.LittleEndian.PutUint32(data[16:], at+64) // an iovec
	binary.LittleEndian.PutUint32(data[20:], 10)
	for i, n := range []uint32{0, 4096, 1, 2, 3, 0} { // old_mmap's arguments
		binary.LittleEndian.PutUint32(data[24+4*i:], n)
	}
	copy(data[64:], "some bytes")
	return image
}

// executeCalls32 runs a call on the file f of a directory, as a program of the given
// name there.
func executeCalls32(dir, call string) error {
	what, ok := calls32[call]
	if !ok {
		return fmt.Errorf("no 32-bit call %s", call)
	}
	program := filepath.Join(dir, "p32-"+call)
	if err := os.WriteFile(program, program32(what), 0o700); err != nil {
		return err
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	return cmd.Run()
}
