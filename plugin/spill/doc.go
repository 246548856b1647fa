// Package spill keeps on disk the objects that left the engine's memory, so that
// they are not forgotten: it is the flow.Cold of long runs.
//
// Records are appended to a few files, the generations, each with a table in
// memory that holds 16 bits of every key's hash and the record's place in the
// file. The table is the filter too: it answers all but about one of a thousand
// misses without the disk, a hit is one read, and to forget a record is to clear
// its slot. Keep only copies into a bounded buffer, from which a goroutine writes.
//
// It is no bbolt: that writes a page of 4 KiB for nearly every record under a
// random key, and reads through a memory map, where a bad disk is a signal that
// ends the process; here a bad disk is an error that is counted.
//
// Limits: on disk Options.MaxObjects and MaxBytes, an eighth more while a merge
// runs; of records on their way Options.BufferBytes; of one record 65,514 bytes. In
// memory 7.5 bytes for each object that there is room for, an eighth of them at a
// time. When the disk is full of objects, the oldest generation goes whole and its
// space is given back; before that, neighbours that lost many of their records
// become one. So none is forgotten while there are no more than three eighths of
// MaxObjects, and as a rule far more.
//
// What it does not do: it never syncs. After a crash of the process the store may
// hold what was forgotten in memory, so it is worth nothing and starts anew; only
// Close makes one that the next Open takes.
//
// What will hurt you: Keep, Take, Drop and Close are for one goroutine at a time;
// only Stats is for any. Keep waits for no disk, but Take reads, and Drop does
// where the table says that there may be something: a disk that hangs hangs them.
// Set Options.Boot, or inode numbers of another boot come back. Errors of the disk
// are no errors of a call: look at Stats.
package spill
