package store

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mark is how far the lines were printed. It is a number in memory that is
// shared with a file: setting it is one store of eight bytes, which is in the
// file however the process ends, and no system call stands between it and the
// write that it announces.
//
// The file begins with a name and the store's id, so a mark never speaks of
// another store. Where it is missing or of another store, all that is stored
// counts as printed.
type mark struct {
	file   *os.File
	memory []byte
}

const (
	markName = "xIMmark\x01"
	markSize = 24 // name, id, number
)

func (m *mark) open(path string, id, otherwise uint64) (err error) {
	m.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	want := binary.LittleEndian.AppendUint64([]byte(markName), id)
	have := make([]byte, markSize)
	n, _ := m.file.ReadAt(have, 0)
	if n < markSize || string(have[:16]) != string(want) {
		text := binary.LittleEndian.AppendUint64(want, otherwise)
		if _, err := m.file.WriteAt(text, 0); err != nil {
			return err
		}
		if err := m.file.Sync(); err != nil {
			return err
		}
	}
	m.memory, err = unix.Mmap(int(m.file.Fd()), 0, markSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map %s: %w", path, err)
	}
	return nil
}

func (m *mark) get() uint64    { return binary.LittleEndian.Uint64(m.memory[16:]) }
func (m *mark) set(seq uint64) { binary.LittleEndian.PutUint64(m.memory[16:], seq) }

func (m *mark) close() error {
	if m.memory == nil {
		return nil
	}
	unix.Munmap(m.memory)
	m.memory = nil
	return m.file.Close()
}
