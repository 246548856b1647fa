// Package scap writes capture files (.scap) of things that never happened, so that a
// test can tell a real libsinsp host any story:
//
//	w := scap.New()
//	web := w.Process(scap.Proc{PID: 100, Comm: "web", Container: scap.ID("web"), Pod: scap.UID("web")})
//	db := w.Process(scap.Proc{PID: 200, Comm: "db"})
//	web.Open("/data/x", scap.OWronly|scap.OCreat|scap.OCreated, dev, ino).Write(10)
//	read := db.Open("/vol/x", scap.ORdonly, dev, ino).Read(10)
//	w.WriteFile(path)
//
// Two layers: a [Writer] has one method for each event, named by thread id and fd
// ([Writer.Open], [Writer.Read], ... and [Writer.Raw] for the rest); [Process], [Thread]
// and [File] remember ids, fd numbers and positions and call it.
//
// Every method that adds an event returns the event's number, which is the evt.num that
// libsinsp will give it: 1 for the first, events that the host consumes while it starts
// included. Results follow the kernel: a count, an fd, or a negative errno; the result
// is always the last argument, but for the open calls, whose result is the fd.
//
// The files are in the format of libs 0.23 (event schema 4.1): exit events only, each
// with all its parameters; no compression. Time is made up: it starts at [Start] and
// advances by one millisecond an event.
//
// What will hurt you:
//   - Nothing is checked for sense. A read of an fd that was never opened, or of more
//     than was written, is written down as told: that is what the package is for.
//   - The process list is the state before the first event, whenever in the test
//     [Writer.Process] was called.
//   - A savefile has no mount ids, and libsinsp takes none from events either.
//   - Container events at the head are consumed while the host starts: they have their
//     numbers, but nobody is shown them.
package scap
