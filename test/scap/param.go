package scap

import "encoding/binary"

// The values of an event's parameters, as bytes. Little-endian, as the host's machine.

// U8 is a parameter of one byte.
func U8(v uint8) []byte { return []byte{v} }

// U16 is a parameter of two bytes.
func U16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }

// U32 is a parameter of four bytes: flags, a device, a user id.
func U32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// U64 is a parameter of eight bytes: a size, a position, an inode.
func U64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// I64 is a parameter of eight bytes with a sign: a result, an fd, a process id.
func I64(v int64) []byte { return U64(uint64(v)) }

// Str is a string or path: the bytes and a NUL.
func Str(s string) []byte { return append([]byte(s), 0) }

// Strs is a list of strings, each with its NUL: arguments, environment, cgroups.
func Strs(list ...string) []byte {
	var b []byte
	for _, s := range list {
		b = append(append(b, s...), 0)
	}
	return b
}

// snaplen is how much of the data a driver keeps with an event, in bytes.
const snaplen = 80

// data is what a read or write that returned res would have kept of its data.
func data(res int64) []byte {
	b := make([]byte, min(max(res, 0), snaplen))
	for i := range b {
		b[i] = 'x'
	}
	return b
}
