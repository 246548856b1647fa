package scap

// MapAddr is a result of a mapping that succeeded.
const MapAddr = 0x7f0000000000

// Mmap adds an mmap of one page. res is the address, [MapAddr] for one, or a negative
// errno.
func (w *Writer) Mmap(tid, fd int64, prot Prot, flags MapFlags, res int64) int {
	return w.mapping(EvMmap, tid, fd, prot, flags, res)
}

// Mmap2 adds an mmap2, which 32-bit programs call.
func (w *Writer) Mmap2(tid, fd int64, prot Prot, flags MapFlags, res int64) int {
	return w.mapping(EvMmap2, tid, fd, prot, flags, res)
}

func (w *Writer) mapping(typ uint16, tid, fd int64, prot Prot, flags MapFlags, res int64) int {
	const vm, addr, length, offset = 0, 0, 4096, 0
	return w.Raw(typ, tid, I64(res), U32(vm), U32(vm), U32(vm), U64(addr), U64(length),
		U32(uint32(prot)), U32(uint32(flags)), I64(fd), U64(offset))
}
