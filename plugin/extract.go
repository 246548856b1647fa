package main

/*
#include "shim.h"
*/
import "C"

import (
	"unsafe"

	"github.com/xim-monitor/xim/plugin/flow"
)

// extract answers a request for fields of the event that the verdict belongs to.
// The bools are answered already.
func (p *instance) extract(requests []C.fw_extract_field) {
	p.values.reset()
	for i := range requests {
		r := &requests[i]
		prefix, index := int(r.field_id)/len(fieldTable), int(r.field_id)%len(fieldTable)
		if prefix <= C.GRANULARITIES && index <= C.FIELD_NEW {
			continue
		}
		r.res_len = 0
		if p.verdict == nil {
			continue
		}
		if prefix > C.GRANULARITIES {
			p.values.strings(r, one(p.config.granularity.String()))
			continue
		}
		g := p.config.granularity
		if prefix > 0 {
			g = flow.Granularity(prefix - 1)
		}
		p.values.answer(r, &fieldTable[index], p.verdict, g)
	}
}

// values is the C memory of extracted values. It must live until the next call.
type values struct {
	used [][]byte
}

func (m *values) answer(r *C.fw_extract_field, f *field, v *flow.Verdict, g flow.Granularity) {
	if len(v.Crossing(g).Writers) == 0 && !f.ofEvent() {
		return
	}
	if f.time != nil {
		*(*int64)(m.room(r, 8)) = f.time(v, g)
		r.res_len = 1
		return
	}
	m.strings(r, f.text(v, g))
}

// strings writes an array of pointers, and behind it the texts.
func (m *values) strings(r *C.fw_extract_field, texts []string) {
	const pointer = int(unsafe.Sizeof(uintptr(0)))
	size := len(texts) * pointer
	for _, s := range texts {
		size += len(s) + 1
	}
	start := m.room(r, size)
	pointers := unsafe.Slice((*unsafe.Pointer)(start), len(texts))
	at := unsafe.Add(start, len(texts)*pointer)
	for i, s := range texts {
		pointers[i] = at
		to := unsafe.Slice((*byte)(at), len(s)+1)
		copy(to, s)
		to[len(s)] = 0
		at = unsafe.Add(at, len(s)+1)
	}
	r.res_len = C.uint64_t(len(texts))
}

// room allocates for a request's answer.
func (m *values) room(r *C.fw_extract_field, size int) unsafe.Pointer {
	at := C.malloc(C.size_t(size))
	m.used = append(m.used, unsafe.Slice((*byte)(at), size))
	r.res = at
	return at
}

func (m *values) reset() {
	for _, b := range m.used {
		C.free(unsafe.Pointer(unsafe.SliceData(b)))
	}
	m.used = m.used[:0]
}
