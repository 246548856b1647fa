package spill

import "syscall"

func mountSmall(dir string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700")
}

func unmount(dir string) error { return syscall.Unmount(dir, 0) }
