package flow

import "unsafe"

// unsafeString is a string as the framework's callers make it: in memory that is
// not Go's to keep.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
