package flow

import (
	"slices"
	"strings"
)

// How many devices are told apart, and how many containers may share an overlay.
const (
	maxDevices  = 8192
	maxSharedBy = 8
)

// A device is what is known of a file system: how many objects lie on it, and,
// if it is an overlay, whose root it is.
type device struct {
	objects  uint32
	overlays []string // container ids, HostName's included
}

// Devices finds the objects an executed program may be: an exec knows its inode,
// but not its device.
type devices struct {
	known map[uint64]*device
}

func (d *devices) get(dev uint64) *device {
	v := d.known[dev]
	if v == nil {
		v = &device{}
		if len(d.known) >= maxDevices {
			d.sweep()
		}
		d.known[dev] = v
	}
	return v
}

// sweep forgets the devices that hold no object.
func (d *devices) sweep() {
	for dev, v := range d.known {
		if v.objects == 0 {
			delete(d.known, dev)
		}
	}
}

func (d *devices) added(k Key) {
	if k.plain() {
		d.get(k.dev).objects++
	}
}

func (d *devices) removed(k Key) {
	if k.plain() {
		d.get(k.dev).objects--
	}
}

// Overlay says that a device is an overlay file system on which the container
// has files. A container's word goes before the host's, which sees every overlay.
// Device numbers are used again: of too many containers the first one goes.
func (t *Tracker) Overlay(dev uint32, container string) {
	v := t.devices.get(uint64(dev))
	if slices.Contains(v.overlays, container) || container == "" && len(v.overlays) > 0 {
		return
	}
	if len(v.overlays) > 0 && v.overlays[0] == "" || len(v.overlays) == maxSharedBy {
		v.overlays = slices.Delete(v.overlays, 0, 1)
	}
	v.overlays = append(v.overlays, strings.Clone(container))
}

// holds tells whether a program that a container executes may lie on the device:
// on the container's own overlay if it is on one, else on none. What left memory
// (cold) is not counted among the device's objects.
func (v *device) holds(overlay bool, container string, cold bool) bool {
	if v.objects == 0 && !cold {
		return false
	}
	if !overlay {
		return len(v.overlays) == 0
	}
	return slices.Contains(v.overlays, container)
}
