package spill

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// A file is a generation's.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

// A disk is where the files are.
type disk interface {
	create(name string) (file, error)
	remove(name string) error
}

// A directory is held open: what is made is made there, even if another has its
// name by now, and nothing is followed out of it.
type directory struct{ root *os.Root }

func (d directory) create(name string) (file, error) {
	return d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func (d directory) remove(name string) error { return d.root.Remove(name) }

const (
	lockName  = "lock"
	indexName = "index"   // there only while nobody has the store open
	draftName = "index.~" // an index that is being written
	prefix    = "generation-"
)

func generationName(id uint64) string { return fmt.Sprintf("%s%016x", prefix, id) }

// clear removes all that a store may have left, and tells whether there was a
// generation among it.
func (d directory) clear() (some bool, err error) {
	f, err := d.root.Open(".")
	if err != nil {
		return false, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		isGeneration := strings.HasPrefix(name, prefix)
		if !isGeneration && name != indexName && name != draftName {
			continue
		}
		some = some || isGeneration
		if err := d.root.Remove(name); err != nil {
			return some, err
		}
	}
	return some, nil
}
