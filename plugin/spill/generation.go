package spill

import "io"

// A generation is a file of records, and the table of those that are still good.
// It is written by the goroutine that flushes; size and table are guarded by the
// store's lock.
type generation struct {
	id      uint64
	file    file
	size    int64
	records int // that were ever put in
	table   table
}

// has tells whether so much more has room.
func (g *generation) has(room sizes, records, bytes int) bool {
	return g.records+records <= room.objects && g.size+int64(bytes) <= room.bytes
}

// firstRead is how much is read of a record before its length is known.
const firstRead = 512

// read reads the record at a place into buf and returns it and buf, which may
// have grown.
func (g *generation) read(at uint32, buf []byte) (record, grown []byte, err error) {
	buf = buf[:firstRead]
	n, err := g.file.ReadAt(buf, int64(at))
	if n < headerBytes {
		return nil, buf, err
	}
	want := recordBytes(buf)
	if want <= n {
		return buf[:want], buf, nil
	}
	if n < firstRead { // the file ends within the record
		return nil, buf, err
	}
	for cap(buf) < want {
		buf = append(buf[:cap(buf)], 0)
	}
	buf = buf[:want]
	if m, err := g.file.ReadAt(buf[n:], int64(at)+int64(n)); m < want-n {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, buf, err
	}
	return buf, buf, nil
}
