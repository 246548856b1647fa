package main

/*
#cgo CFLAGS: -O2 -Wall -Wextra
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"runtime/debug"
	"sync"
	"unsafe"

	"github.com/falcosecurity/plugin-sdk-go/pkg/cgo"
	"github.com/falcosecurity/plugin-sdk-go/pkg/ptr"
	"github.com/falcosecurity/plugin-sdk-go/pkg/sdk"
	_ "github.com/falcosecurity/plugin-sdk-go/pkg/sdk/symbols/lasterr"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/spill"
)

// An instance is one plugin as the framework knows it, found by its handle.
type instance struct {
	mu      sync.Mutex // parse and extract against metrics
	shim    *C.xim_shim
	config  config
	tracker *flow.Tracker
	actors  actors
	pipes   pipes
	pseudo  map[uint32]int64 // devices of procfs and sysfs, and when the host's root was there
	event   event.Event
	verdict *flow.Verdict // of the event that the shim says it belongs to
	values  values
	metrics metrics
	counts  counts
	keeper  keeper
	store   *spill.Store // on disk; nil where there is none

	sense      *sense      // nil where no kernel sensor runs
	senseStats sensorStats // of the one that ran last
	outbox     outbox

	running bool   // between capture_open and capture_close
	ran     bool   // was opened at least once
	notice  string // for the log, from another thread than the framework's

	err    error // the last one, for the framework
	errBuf ptr.StringBuffer
}

// counts are what goes wrong or is left out between an event and the engine.
type counts struct {
	malformed         uint64
	incomplete        uint64
	unresolvedThreads uint64
	unresolvedFDs     uint64
	badMetadata       uint64
	excluded          uint64
	panics            uint64
}

var (
	_ sdk.LastError       = (*instance)(nil)
	_ sdk.LastErrorBuffer = (*instance)(nil)
)

func (p *instance) LastError() error                  { return p.err }
func (p *instance) SetLastError(err error)            { p.err = err }
func (p *instance) LastErrorBuffer() sdk.StringBuffer { return &p.errBuf }

func newInstance(shim *C.xim_shim, text string) (*instance, error) {
	p := &instance{shim: shim, pseudo: map[uint32]int64{}, outbox: newOutbox()}
	var err error
	if p.config, err = parseConfig(text); err != nil {
		return p, err
	}
	if p.config.compat && p.config.limits.MaxWriters == 0 {
		p.config.limits.MaxWriters = 1 << 16 // nothing is ever forgotten
	}
	if p.config.sensing() {
		shim.sensing = 1
		p.config.limits.Evicted = p.evicted
	} else {
		p.config.limits.Changed = p.changed
	}
	if p.tracker, err = flow.New(p.config.limits); err != nil {
		return p, err
	}
	p.actors = newActors(p)
	p.pipes = newPipes()
	shim.granularity = C.uint32_t(p.config.granularity)
	if p.config.compat || !p.config.cache {
		shim.every_event = 1
	}
	return p, nil
}

// changed tells the shim's cache that an object is to be looked at again.
func (p *instance) changed(k flow.Key) {
	p.shim.cache.objects[p.slot(k)]++
}

func (p *instance) slot(k flow.Key) uint32 { return p.tracker.Hash(k) % C.OBJECT_SLOTS }

// guard keeps a panic from leaving an exported function. It is an error of ours:
// it is counted, and said once in Falco's log with its place.
func (p *instance) guard(rc *C.int32_t) {
	r := recover()
	if r == nil {
		return
	}
	if rc != nil {
		*rc = C.FW_FAILURE
	}
	p.err = fmt.Errorf("internal error: %v", r)
	if p.counts.panics++; p.counts.panics == 1 {
		p.say("internal error (please report it; the event is left out): %v\n%s", r, debug.Stack())
	}
}

// sayNotice says what another thread had to say: only the event thread may log.
func (p *instance) sayNotice() {
	if p.notice != "" {
		p.say("%s", p.notice)
		p.notice = ""
		C.xim_set_notice(p.shim, 0)
	}
}

// note leaves something for the event thread to say. The lock is held.
func (p *instance) note(format string, args ...any) {
	if p.notice != "" {
		p.notice += "; "
	}
	p.notice += fmt.Sprintf(format, args...)
	C.xim_set_notice(p.shim, 1)
}

//export ximSay
func ximSay(h C.uintptr_t) {
	p := cgo.Handle(h).Value().(*instance)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.guard(nil)
	p.sayNotice()
}

// say writes an error to the framework's log.
func (p *instance) say(format string, args ...any) {
	text := C.CString(fmt.Sprintf(format, args...))
	defer C.free(unsafe.Pointer(text))
	C.xim_log(p.shim, text)
}

//export ximInit
func ximInit(text *C.char, shim *C.xim_shim, missing *C.char, rc *C.int32_t) (h C.uintptr_t) {
	*rc = C.FW_FAILURE
	defer func() { _ = recover() }() // no handle is left: nothing can be said
	if shim == nil {
		return 0
	}
	p, err := newInstance(shim, C.GoString(text))
	if missing != nil {
		err = fmt.Errorf("the framework lacks %s: xim needs Falco 0.41 or newer", C.GoString(missing))
	}
	p.err = err
	h = C.uintptr_t(cgo.NewHandle(p))
	if err == nil {
		*rc = C.FW_SUCCESS
	}
	return h
}

//export ximDestroy
func ximDestroy(h C.uintptr_t) {
	p := cgo.Handle(h).Value().(*instance)
	cgo.Handle(h).Delete()
	defer func() { _ = recover() }()
	p.stopSensing()
	p.captureClosed()
	p.park()
	p.values.reset()
	p.metrics.free()
	p.errBuf.Free()
}

//export ximOpened
func ximOpened(h C.uintptr_t, rc *C.int32_t) {
	p := cgo.Handle(h).Value().(*instance)
	defer p.guard(rc)
	if err := p.captureOpened(); err != nil {
		p.stopSensing()
		p.captureClosed()
		p.err = err
		*rc = C.FW_FAILURE
	}
}

//export ximClosed
func ximClosed(h C.uintptr_t) {
	p := cgo.Handle(h).Value().(*instance)
	defer p.guard(nil)
	p.stopSensing()
	p.captureClosed()
}

//export ximParse
func ximParse(h C.uintptr_t, raw unsafe.Pointer, size C.uint32_t, out *C.xim_outcome) {
	p := cgo.Handle(h).Value().(*instance)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.guard(nil)
	p.sayNotice()
	p.parse(unsafe.Slice((*byte)(raw), int(size)), out)
}

//export ximExtract
func ximExtract(h C.uintptr_t, fields *C.fw_extract_field, n C.uint32_t) (rc C.int32_t) {
	p := cgo.Handle(h).Value().(*instance)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.guard(&rc)
	p.extract(unsafe.Slice(fields, int(n)))
	return C.FW_SUCCESS
}
