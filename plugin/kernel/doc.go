// Package kernel is the eBPF sensor: it watches reads and writes where they happen,
// and passes on only those that can matter to the engine (package flow).
//
// A Sensor is the programs in the kernel and their maps; a Feed takes what it passes
// on, finds out who acted, and feeds a flow.Tracker with it.
//
// # Why silence is safe
//
// The engine's answer to a read depends on the object's set of writers, and that set
// changes only by a subject's first write since the object was made or emptied, by
// the write of one that max_writers has pushed out, and by emptying. The sensor
// gives a number, from one clock that only grows, to each write it passes on. An
// access is silent only where
//
//   - a write: its subject's last write that was passed on is not older than the
//     object, and fewer than max_writers were passed on after it. So the subject is
//     in the engine's set already. (That the write moved on to the front of the set
//     is what is given up: order and age are those of writes passed on.)
//   - a read: nobody wrote the object (a Bloom filter says so, which does not err in
//     that direction); or the subject read it, by the same name on the same mount, at
//     or after the last write that was passed on; or the subject alone ever wrote it.
//
// What is told of a flow besides writer, path and reader (operation, thread) is that of
// the first. Folders that are renamed above a file do not make its path a new one.
//
// Whoever empties an object takes its record away, and with it all that was silent.
// A record or a deed that its map lost is as if it had never been: the access is
// passed on again. A write takes its place in the ring buffer before it says so to
// others, hence a reader that sees it comes behind it in the ring. Where the ring is
// full nothing is written down: the next such access is passed on, and the loss is
// counted. Subjects in the kernel (comm of the leader and cgroup, or what the
// configuration says) are never coarser than the engine's.
//
// # What it does not see
//
// The descriptor is looked up when the call returns: another thread may have put
// another file there by then, and one that means to can (closed ones are counted,
// replaced ones cannot be). A read that returns before the write that it read from has
// returned finds nothing yet; a writer can be held up in its call on purpose. For named
// pipes, where that is the rule, the Feed makes up for it, for a second.
//
// Mappings count when they are made, by what they allow then: mprotect comes later and
// is not seen. Shared memory of System V, the interpreter that the kernel maps for a
// program (ld.so), truncation by path, opening and splicing by io_uring, and what
// io_uring does at all where programs cannot be put on functions (SeesIOUring tells),
// are not seen. Linux AIO counts when it is submitted, whatever comes of it.
//
// On file systems that give a file's number twice (btrfs with subvolumes) two files can
// be taken for one, and so on overlays that follow each other if their upper folders
// have the same number; a mapping from before the start of a file on an overlay is
// taken for one of the file below it. The filter of what was ever written only fills
// up (Stats.Remembered): that costs records, and no flow.
//
// # What will hurt you
//
// A Sensor wants CAP_BPF and CAP_PERFMON, BTF of the running kernel, Linux 5.17 or
// newer, and x86-64. Close it: until then every system call of the machine pays.
package kernel
