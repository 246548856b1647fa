package scap

// Flags have libsinsp's own values, which are not those of the kernel.

// AtFdcwd is the dirfd that means the current directory.
const AtFdcwd = -100

// OpenFlags are the flags of an open call. Those from OCreated on are no arguments:
// the driver adds them.
type OpenFlags uint32

// Flags of open calls.
const (
	ORdonly    OpenFlags = 1 << 0
	OWronly    OpenFlags = 1 << 1
	ORdwr                = ORdonly | OWronly
	OCreat     OpenFlags = 1 << 2
	OAppend    OpenFlags = 1 << 3
	OExcl      OpenFlags = 1 << 5
	OTrunc     OpenFlags = 1 << 8
	ODirectory OpenFlags = 1 << 10
	OCloexec   OpenFlags = 1 << 12
	OTmpfile   OpenFlags = 1 << 13
	OCreated   OpenFlags = 1 << 14 // this call made the file
	UpperLayer OpenFlags = 1 << 15 // the file lies in an overlay's upper layer
	LowerLayer OpenFlags = 1 << 16 // the file lies in a lower layer
)

// Prot is the protection of a mapping.
type Prot uint32

// Protections of a mapping.
const (
	ProtRead  Prot = 1 << 0
	ProtWrite Prot = 1 << 1
	ProtExec  Prot = 1 << 2
)

// MapFlags are the flags of a mapping.
type MapFlags uint32

// Flags of a mapping.
const (
	MapShared    MapFlags = 1 << 0
	MapPrivate   MapFlags = 1 << 1
	MapFixed     MapFlags = 1 << 2
	MapAnonymous MapFlags = 1 << 3
)

// ExecFlags say where an executable lies; the driver finds them out.
type ExecFlags uint32

// Flags of an executable.
const (
	ExeWritable   ExecFlags = 1 << 0 // by the user who runs it
	ExeUpperLayer ExecFlags = 1 << 1
	ExeMemfd      ExecFlags = 1 << 2
	ExeLowerLayer ExecFlags = 1 << 3
)

// CloneFlags are the flags of a clone, and of a thread.
type CloneFlags uint32

// Flags of a clone.
const (
	CloneFiles        CloneFlags = 1 << 0
	CloneFS           CloneFlags = 1 << 1
	CloneNewPID       CloneFlags = 1 << 6
	CloneSighand      CloneFlags = 1 << 11
	CloneSysvsem      CloneFlags = 1 << 12
	CloneThread       CloneFlags = 1 << 13
	CloneVM           CloneFlags = 1 << 15
	CloneVfork        CloneFlags = 1 << 27
	CloneChildInPidns CloneFlags = 1 << 29 // the driver's: the child has another process id in its namespace

	// ThreadFlags are those with which a C library makes a thread.
	ThreadFlags = CloneVM | CloneFS | CloneFiles | CloneSighand | CloneThread | CloneSysvsem
)

// Modes of [Writer.Mknod].
const (
	ModeFIFO    = 0o010000
	ModeChar    = 0o020000
	ModeRegular = 0o100000
)

// Options of [Writer.Prctl].
const PrSetName = 15

// Commands of [Writer.Fcntl].
const (
	FDupfd        = 1
	FDupfdCloexec = 26
)
