package flow

// A Granularity says what counts as one side of a border.
type Granularity uint8

// The granularities, finest first.
const (
	Process Granularity = iota
	Container
	Pod

	granularities = 3
)

// Granularities lists all of them, finest first.
var Granularities = [granularities]Granularity{Process, Container, Pod}

var granularityNames = [granularities]string{"process", "container", "pod"}

func (g Granularity) String() string { return granularityNames[g] }

// ParseGranularity finds a granularity by its name.
func ParseGranularity(name string) (Granularity, bool) {
	for g, n := range granularityNames {
		if n == name {
			return Granularity(g), true
		}
	}
	return 0, false
}

// An Op is the operation by which an object was read.
type Op uint8

// The operations, named as their system calls.
const (
	OpRead Op = iota
	OpReadv
	OpPread
	OpPreadv
	OpSendfile
	OpSplice
	OpCopyFileRange
	OpMmap
	OpExec
	OpPreadv2
	OpIOUring
	OpAIO
)

var opNames = [...]string{
	"read", "readv", "pread", "preadv", "sendfile", "splice", "copy_file_range", "mmap", "exec",
	"preadv2", "io_uring", "aio",
}

func (o Op) String() string { return opNames[o] }

// HostName is the domain, at the granularities of container and pod, of
// whatever runs outside any container.
const HostName = "host"

// A Place is where a process runs, as far as is known: the container's short id
// and its pod's uid. Both are empty on the host, PodUID outside any pod.
type Place struct {
	Container string
	PodUID    string
}

// A Description is what is learned of a container after the fact. Empty members
// are unknown and erase nothing that was known before.
type Description struct {
	Place
	PodNamespace string
	PodName      string

	// Claimed says that whoever started the container chose its labels, and so may
	// have named any pod: they are believed only where its cgroup path gives the
	// same uid.
	Claimed bool
}

// A Who names a subject in full, whatever the granularity.
type Who struct {
	Process   string
	Container string
	Pod       string
}
