package event

import "github.com/xim-monitor/xim/plugin/flow"

// The codes of the events that are decoded (all but Async are exit events).
const (
	Open           = 3
	Read           = 7
	Write          = 9
	Creat          = 59
	Pread          = 113
	Pwrite         = 115
	Readv          = 117
	Writev         = 119
	Preadv         = 121
	Pwritev        = 123
	Mmap           = 161
	Mmap2          = 163
	Splice         = 167
	Rename         = 175
	Renameat       = 177
	Sendfile       = 189
	Execve         = 293
	Openat         = 307
	Link           = 309
	Linkat         = 311
	Renameat2      = 319
	Openat2        = 327
	Execveat       = 331
	CopyFileRange  = 333
	OpenByHandleAt = 337
	Async          = 402
	Mknod          = 415
	Mknodat        = 417
)

// A Kind says what an Event means.
type Kind uint8

// The kinds. Nothing is what most events mean: calls that failed, mappings of
// no file, opens that change nothing.
const (
	Nothing   Kind = iota
	Access         // data moved: In was read, Out was written
	Opened         // FD refers to an object that may be new, empty, or on an overlay
	Executed       // the thread's program is now another one
	MadePipe       // a named pipe was made at Path
	Named          // something has the name Path now that it had not before
	Described      // Data describes a container
	Removed        // the container that Data describes is gone
	Crossed        // Data names a crossing that the kernel sensor found
)

// NoFD stands for a side that an access does not have.
const NoFD = -1

// An Event is what a raw event means. Which members hold something depends on
// the Kind.
type Event struct {
	Kind   Kind
	Time   int64 // nanoseconds since the epoch
	Thread int64

	// Access
	Op     flow.Op
	In     int64
	Out    int64
	Mapped bool // a mapping: In and Out are one descriptor
	Failed bool // the call failed or moved no byte: no access but in xIM's own reckoning

	// Opened
	FD        int64
	Device    uint32 // where Inode is known
	Inode     uint64 // 0 where unknown
	Created   bool   // the object did not exist before
	Truncated bool   // the object is empty now

	// Executed (and Inode)
	FromMemfd bool // the program lies in no file

	Overlay bool // Opened, Executed: the object lies on an overlay file system

	DirFD int64 // MadePipe: what Path is relative to; AtCwd for the working directory

	Path []byte // Executed: the program, empty where unknown; MadePipe, Named: as given
	Data []byte // Described, Removed, Crossed
}

// AtCwd is the directory descriptor that stands for the working directory.
const AtCwd = -100
