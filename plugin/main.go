// Command plugin, built with -buildmode=c-shared, is libxim.so: xIM as a Falco
// plugin with the capabilities of parsing and extraction for the source syscall.
//
// It is thin. The C shim (shim.c, parse.c, extract.c) exports the plugin's
// functions, skips accesses that repeat (cache.c) and reads the thread table
// (tables.c); Go is called once for each event that is left. The packages event and identity say what the event
// means and who made it, package flow decides. Of the Go SDK it uses what is not
// tied to plugin events: the field list, the configuration schema, the last error
// and the handles.
//
// What will hurt you: parse and extract run on the event thread, init and destroy
// of a second instance may run beside them, metrics on a third. Each instance has
// a lock of its own and nothing is shared between two. No panic may leave an
// exported function: it would end Falco.
package main

func main() {}
