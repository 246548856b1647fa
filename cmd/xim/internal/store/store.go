// Package store keeps what xim knows in a file: the flows it has seen, and what
// it still has to forward.
//
// It is bbolt, because what it needs is that a kill at any moment leaves the last
// commit whole: bbolt never overwrites a page that the last commit can see, and a
// commit is one write of a meta page with a checksum. There is no log to replay,
// one file to move or delete, and no C. Reading is by memory map, so a file that
// is cut while it is open ends the program (as with any memory map).
//
// One process has the file at a time; others wait or give up (ErrInUse). Beside
// FILE there is FILE.printed, see Mark. Neither ever shrinks.
//
// A file that is damaged is not repaired: a flow that is lost from it would be
// printed again, and one that was never seen might be taken for known. It is
// renamed and a new one begun.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// ErrInUse says that another process has the store open.
var ErrInUse = errors.New("the store is in use by another process")

// Store is an open store.
type Store struct {
	// Flows are those that were stored, in the order they were last seen.
	Flows []*dedup.Record
	// Printed is the place of the last line that was printed, or was about to be.
	Printed uint64

	db      *bolt.DB
	mark    mark
	waiting atomic.Int64 // in the outbox
	dropped atomic.Uint64
}

var _ pipeline.Store = (*Store)(nil)

// Open opens the store, or makes it. Where it was damaged it is set aside, and
// aside says how that went, in words for the user.
func Open(path string, now time.Time) (s *Store, aside string, err error) {
	s, err = open(path, false)
	var damage damaged
	if !errors.As(err, &damage) {
		return s, "", err
	}
	kept := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if err := os.Rename(path, kept); err != nil {
		return nil, "", fmt.Errorf("set the damaged store aside: %w", err)
	}
	s, err = open(path, false)
	return s, fmt.Sprintf("%s is damaged (%v); it was renamed to %s and a new one begun, so flows seen before are new again", path, damage.why, kept), err
}

// OpenExisting opens a store that is there. A damaged one stays as it is. One
// that is only read may be where nothing can be written; it has no Printed.
func OpenExisting(path string, readOnly bool) (*Store, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return nil, fmt.Errorf("%s is empty: it is no store of \"xim watch\"", path)
	}
	s, err := open(path, readOnly)
	var damage damaged
	if errors.As(err, &damage) {
		return nil, fmt.Errorf("%s is damaged (%v): the next \"xim watch\" sets it aside", path, damage.why)
	}
	return s, err
}

// damaged is the error of a file that is there and can be read, but is no store.
type damaged struct{ why error }

func (d damaged) Error() string { return d.why.Error() }

func open(path string, readOnly bool) (s *Store, err error) {
	// bbolt panics over some damage, and a page number gone wild is a fault.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, damaged{fmt.Errorf("%v", r)}
		}
	}()
	if !readOnly {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("make the store: %w", err)
		}
	}
	db, err := bolt.Open(path, 0o600, options(readOnly))
	if err != nil {
		return nil, openError(path, err)
	}
	s = &Store{db: db}
	if err := s.begin(path, readOnly); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// begin reads and checks what is in the file.
func (s *Store) begin(path string, readOnly bool) error {
	if !readOnly {
		if err := s.db.Update(prepare); err != nil {
			return err
		}
	}
	id, err := s.load()
	if err != nil || readOnly {
		return err
	}
	if err := check(s.db); err != nil {
		return err
	}
	if err := s.mark.open(path+".printed", id, s.lastSeq()); err != nil {
		return err
	}
	s.Printed = s.mark.get()
	return nil
}

func options(readOnly bool) *bolt.Options {
	return &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true, ReadOnly: readOnly}
}

// create makes an empty store where there is none. It takes its name when it is
// whole, so that a kill leaves no half of one.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	half := path + ".new"
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.Remove(half)
	db, err := bolt.Open(half, 0o600, options(false))
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if err := os.Link(half, path); !errors.Is(err, fs.ErrExist) { // who was faster made one too
		return err
	}
	return nil
}

func openError(path string, err error) error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s: %w", path, ErrInUse)
	case errors.As(err, &errno), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the store: %w", err)
	default:
		return damaged{err}
	}
}
