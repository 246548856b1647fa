// Package flow is the engine: it remembers who wrote which object and decides
// whether a read crosses a border between processes, containers or pods.
//
// It is fed with accesses (Write, Read, Exec), with news about objects
// (Truncated, Created, Pipe, Overlay) and about containers (Describe, Remove),
// and answers a read with a Verdict. One record of a writer serves all three
// granularities, since a Subject names its process, container and pod at once.
//
// What it does not do: it reads no events, opens no files, starts no goroutine,
// has no clock and no log. Times are those of the accesses, in nanoseconds since
// the epoch, and only ever compared with each other.
//
// What will hurt you: a Tracker is for one goroutine at a time. A Verdict lives
// in the Tracker and is overwritten by the next Read or Exec. A Subject handle
// counts references: every Subject call wants one Release.
//
// Everything is bounded. Objects go in the order of their last write that was
// looked at, flows in the order they were last seen, and every loss is counted
// in Stats.
package flow
