// Package event reads raw libscap events and tells what they mean for data in
// files: "thread 12 read through its descriptor 7", "an object was truncated".
//
// It knows event layouts (schema 4) and paths, and nothing of threads, containers
// or flows: descriptors are resolved by the caller. Every length is checked; an
// event that lies about itself gives ErrMalformed, one that lacks what an access
// needs (captures of older versions have empty parameters) ErrIncomplete.
//
// What will hurt you: the byte slices of a decoded Event point into the raw
// event and die with it.
package event
