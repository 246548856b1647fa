package spill

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// An index is all that a closed store needs besides its files: a line that says
// what it is, the length of a description in JSON, that, the tables of the
// generations in their order, and a checksum of everything before it. That it is
// there says that the store was closed cleanly.
const indexMagic = "xim spill 1\n"

// maxDescription is the longest description that is read.
const maxDescription = 64 << 10

var errIndex = errors.New("its index is damaged")

type description struct {
	Boot, Tag   []byte // any bytes, which a string in JSON is not
	Secret      secret
	NextID      uint64
	Generations []described
}

type described struct {
	ID      uint64
	Size    int64
	Records int
	Slots   int
}

func writeIndex(w io.Writer, d description, tables []table) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if len(text) > maxDescription {
		return fmt.Errorf("boot and tag are too long: the description takes %d bytes of %d", len(text), maxDescription)
	}
	sum := crc32.New(castagnoli)
	b := bufio.NewWriterSize(io.MultiWriter(w, sum), 256<<10)
	head := binary.LittleEndian.AppendUint32([]byte(indexMagic), uint32(len(text)))
	_, _ = b.Write(append(head, text...)) // an error stays, up to Flush
	var word [4]byte
	for _, t := range tables {
		for _, m := range t.marks {
			binary.LittleEndian.PutUint16(word[:], m)
			_, _ = b.Write(word[:2])
		}
		for _, at := range t.at {
			binary.LittleEndian.PutUint32(word[:], at)
			_, _ = b.Write(word[:])
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// readIndex reads what writeIndex wrote, of so many bytes. It never takes more
// memory than those.
func readIndex(r io.Reader, size int64) (description, []table, error) {
	in := &summed{r: bufio.NewReaderSize(r, 256<<10), sum: crc32.New(castagnoli), left: size}
	head := in.next(len(indexMagic) + 4)
	if in.err != nil || string(head[:len(indexMagic)]) != indexMagic {
		return description{}, nil, errIndex
	}
	var d description
	length := binary.LittleEndian.Uint32(head[len(indexMagic):])
	if length > maxDescription {
		return description{}, nil, errIndex
	}
	text := in.next(int(length))
	if in.err != nil || json.Unmarshal(text, &d) != nil {
		return description{}, nil, errIndex
	}
	var tables []table
	for _, g := range d.Generations {
		if g.Slots < 1 || int64(g.Slots) > in.left/slotBytes || g.Records < 0 || g.Size < 0 {
			return description{}, nil, errIndex
		}
		t := in.table(g.Slots)
		if !t.count() || t.live > g.Records {
			return description{}, nil, errIndex
		}
		tables = append(tables, t)
	}
	want := in.sum.Sum32()
	end := in.next(4)
	if in.err != nil || in.left != 0 || binary.LittleEndian.Uint32(end) != want {
		return description{}, nil, errIndex
	}
	return d, tables, nil
}

// Summed reads and sums up. After an error it gives zeros.
type summed struct {
	r    io.Reader
	sum  hash.Hash32
	left int64
	err  error
}

func (in *summed) next(n int) []byte {
	if int64(n) > in.left {
		in.err = io.ErrUnexpectedEOF
		return make([]byte, 4)
	}
	b := make([]byte, n)
	in.fill(b)
	return b
}

func (in *summed) fill(b []byte) {
	if in.err == nil {
		_, in.err = io.ReadFull(in.r, b)
	}
	in.left -= int64(len(b))
	_, _ = in.sum.Write(b)
}

func (in *summed) table(slots int) table {
	t := table{marks: make([]uint16, slots), at: make([]uint32, slots)}
	chunk := make([]byte, 4*min(slots, 16<<10))
	for i := 0; i < slots; {
		b := chunk[:2*min(len(chunk)/4, slots-i)]
		in.fill(b)
		for ; len(b) > 0; b, i = b[2:], i+1 {
			t.marks[i] = binary.LittleEndian.Uint16(b)
		}
	}
	for i := 0; i < slots; {
		b := chunk[:4*min(len(chunk)/4, slots-i)]
		in.fill(b)
		for ; len(b) > 0; b, i = b[4:], i+1 {
			t.at[i] = binary.LittleEndian.Uint32(b)
		}
	}
	return t
}
