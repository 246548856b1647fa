// Command plugin, built with -buildmode=c-shared, is libxim.so: xIM as a Falco
// plugin with the capabilities of parsing, extraction and asynchronous events for the
// source syscall.
//
// It is thin. The C shim (shim.c, parse.c, extract.c) exports the plugin's
// functions, skips accesses that repeat (cache.c) and reads the thread table
// (tables.c); Go is called once for each event that is left. The packages event and
// identity say what the event means and who made it, package flow decides. Of the Go
// SDK it uses what is not tied to plugin events: the field list, the configuration
// schema, the last error and the handles.
//
// With sensor: kernel the events of system calls are passed over (sense.c). A sensor
// of package kernel feeds the tracker instead, beside the framework (sense.go), and
// what crosses a border goes to the framework as an event and comes back to be parsed
// and shown like any other (outbox.go).
//
// What will hurt you: parse and extract run on the event thread, init and destroy
// of a second instance may run beside them, metrics on a third, the sensor's feed on
// threads of Go's. Each instance has a lock of its own and nothing is shared between
// two; who waits for the feed must not hold it. No panic may leave an exported
// function or a goroutine: it would end Falco.
package main

func main() {}
