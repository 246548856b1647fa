package pipeline

import "sync/atomic"

// Stats counts what went in and what came of it. All of it may be read at any
// time.
type Stats struct {
	Alerts  [len(Kinds)]atomic.Uint64 // whole alerts, xIM's or not, by kind of source
	Bad     [len(Kinds)]atomic.Uint64 // lines, bodies and frames that are no alert, requests without the token
	Other   atomic.Uint64             // alerts that are not xIM's
	New     atomic.Uint64             // flows printed
	Repeats atomic.Uint64             // flows that were known
	Cut     atomic.Uint64             // lists that had lost their last item
	Evicted atomic.Uint64             // flows forgotten because the set was full
	Known   atomic.Int64              // flows in the set now
	Owed    atomic.Uint64             // flows printed that an earlier run had stored but not printed
	Lag     atomic.Int64              // nanoseconds from the time of the last alert to its arrival

	StoreErrors atomic.Uint64 // commits that failed
	Unforwarded atomic.Uint64 // payloads dropped because the store takes nothing
	Reconnects  atomic.Uint64 // connections to Falco that were lost or refused
}

// Kind is the kind of a source: how an alert came in.
type Kind int

const (
	Stdin Kind = iota
	File
	HTTP
	GRPC
	Kernel
	Falco
)

// Kinds are the names of the kinds.
var Kinds = [...]string{"stdin", "file", "http", "grpc", "kernel", "falco"}

func (k Kind) String() string { return Kinds[k] }

func sum(of *[len(Kinds)]atomic.Uint64) (n uint64) {
	for i := range of {
		n += of[i].Load()
	}
	return n
}
