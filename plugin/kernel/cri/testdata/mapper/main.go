// Mapper writes or reads a file through a shared mapping. It is for containers whose
// image has no such program.
//
//	mapper write FILE TEXT
//	mapper read FILE
package main

import (
	"os"
	"syscall"
)

const size = 4096

func main() {
	if err := mapper(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func mapper(what, path string, text []string) error {
	flags, prot := os.O_RDONLY, syscall.PROT_READ
	if what == "write" {
		flags, prot = os.O_RDWR|os.O_CREATE, syscall.PROT_READ|syscall.PROT_WRITE
	}
	f, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return err
	}
	if what == "write" {
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, size, prot, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	if what == "write" {
		copy(memory, text[0])
		return nil
	}
	_, err = os.Stdout.Write(memory)
	return err
}
