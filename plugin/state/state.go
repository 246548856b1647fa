// Package state keeps what a program knows in one file across restarts: whole or
// not at all.
//
// A file is written beside its place, flushed to the disk and then renamed, so
// that a crash at any moment leaves the last whole one. It is readable by its
// owner only. It names the boot it belongs to and whatever else its reader must
// agree with (the tag), and ends with a SHA-256 of all before.
//
// What it does not do: it knows nothing of the contents, and it does not merge.
// What will hurt you: Read takes the whole file into memory.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	magic   = "XIMSTATE"
	version = 1
)

// A Header says where a state comes from.
type Header struct {
	Boot  string    `json:"boot"` // the machine's boot id
	Tag   string    `json:"tag"`  // what a reader must agree with
	Saved time.Time `json:"saved"`
}

// ErrForeign is what Read gives for a whole file that is another program's, or of
// a version that this one cannot read.
var ErrForeign = errors.New("not a state of this program's")

// ErrDamaged is what Read gives for a file that is not what was written.
var ErrDamaged = errors.New("damaged")

// Read reads a state. The error is fs.ErrNotExist where there is none, and wraps
// ErrForeign or ErrDamaged where there is something else.
func Read(path string) (Header, []byte, error) {
	var h Header
	raw, err := os.ReadFile(path)
	if err != nil {
		return h, nil, err
	}
	body, ok := bytes.CutPrefix(raw, []byte(magic))
	if !ok {
		return h, nil, fmt.Errorf("%w: it begins with %q, expected %q", ErrForeign, raw[:min(len(raw), len(magic))], magic)
	}
	if len(body) < 8+sha256.Size {
		return h, nil, fmt.Errorf("%w: %d bytes are too few", ErrDamaged, len(raw))
	}
	if v := binary.LittleEndian.Uint32(body); v != version {
		return h, nil, fmt.Errorf("%w: version %d, expected %d", ErrForeign, v, version)
	}
	end := len(raw) - sha256.Size
	if sum := sha256.Sum256(raw[:end]); !bytes.Equal(sum[:], raw[end:]) {
		return h, nil, fmt.Errorf("%w: its checksum does not fit", ErrDamaged)
	}
	size := binary.LittleEndian.Uint32(body[4:])
	body = body[8 : len(body)-sha256.Size]
	if uint64(size) > uint64(len(body)) || json.Unmarshal(body[:size], &h) != nil {
		return h, nil, fmt.Errorf("%w: its header cannot be read", ErrDamaged)
	}
	return h, body[size:], nil
}

// SetAside renames a file that cannot be used, and says to what. The one set aside
// before it is overwritten.
func SetAside(path string) (string, error) {
	aside := path + ".aside"
	return aside, os.Rename(path, aside)
}

// BootID is the id of this boot of the machine, empty where the kernel gives none.
func BootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
