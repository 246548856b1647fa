package flow

import (
	"errors"
	"fmt"
)

// Load makes a Tracker that knows what a saved one knew. After a restart of the
// machine (rebooted) inodes and devices mean something else: then only the flows
// that were seen, and the names of pods, are taken over.
func Load(opts Options, saved []byte, rebooted bool) (*Tracker, error) {
	t, err := New(opts)
	if err != nil {
		return nil, err
	}
	d := decoder{b: saved}
	for len(d.b) > 0 {
		kind := d.number()
		piece := decoder{b: d.bytes(d.number())}
		if d.err != nil {
			return nil, d.err
		}
		if err := t.load(kind, &piece, rebooted); err != nil {
			return nil, fmt.Errorf("piece of kind %d: %w", kind, err)
		}
	}
	t.stats = Stats{}
	return t, d.err
}

func (t *Tracker) load(kind uint64, d *decoder, rebooted bool) error {
	step := map[uint64]func(*decoder) error{
		piecePods:   t.loadPod,
		pieceSeen:   t.loadSeen,
		pieceSecret: t.loadSecret,
	}
	if !rebooted {
		step[pieceContainers] = t.loadContainer
		step[piecePipes] = t.loadPipe
		step[pieceOverlays] = t.loadOverlay
		step[pieceObjects] = t.loadObject
	}
	load := step[kind]
	for load != nil && len(d.b) > 0 {
		if err := load(d); err != nil {
			return err
		}
		if d.err != nil {
			return d.err
		}
	}
	return nil
}

var errLate = errors.New("the secret comes after what was hashed with it")

// loadSecret takes the key of the hashes; nothing may have been hashed before.
func (t *Tracker) loadSecret(d *decoder) error {
	t.secret.k0, t.secret.k1 = d.number(), d.number()
	if t.objects.lru.Len() > 0 || t.pipes.Len() > 0 {
		return errLate
	}
	return nil
}

func (t *Tracker) loadPod(d *decoder) error {
	uid, name := d.text(), d.text()
	if d.err == nil {
		t.places.pods.list[t.places.pod(uid)].name = name
	}
	return nil
}

func (t *Tracker) loadContainer(d *decoder) error {
	at := Place{Container: d.text(), PodUID: d.text()}
	claim := pod{uid: d.text(), name: d.text()}
	byLabel := d.number() != 0
	if d.err == nil && at.Container != "" {
		c := &t.places.containers.list[t.places.recall(at)]
		c.claim, c.byLabel = claim, byLabel
	}
	return nil
}

func (t *Tracker) loadPipe(d *decoder) error {
	if k := d.key(); d.err == nil {
		t.pipes.Add(k, struct{}{})
	}
	return nil
}

func (t *Tracker) loadOverlay(d *decoder) error {
	dev, c := d.number(), d.text()
	if d.err == nil {
		t.Overlay(uint32(dev), c)
	}
	return nil
}

func (t *Tracker) loadSeen(d *decoder) error {
	if h := d.number(); d.err == nil {
		t.seen.lru.Add(h, struct{}{})
	}
	return nil
}

func (t *Tracker) loadObject(d *decoder) error {
	k := d.key()
	r, err := t.decodeRecord(d)
	if err != nil {
		return err
	}
	if _, twice := t.objects.lru.Peek(k); twice {
		t.objects.lru.Remove(k)
	}
	t.devices.added(k)
	t.put(k, r)
	return nil
}

// Learn takes over what another Tracker was told of containers and pods.
func (t *Tracker) Learn(from *Tracker) {
	for _, h := range from.places.containers.index {
		if h == onHost {
			continue
		}
		c := &from.places.containers.list[h]
		p := &from.places.pods.list[c.pod]
		own := t.places.recall(Place{Container: c.id, PodUID: p.uid})
		if c.pod != noPod && p.name != "" {
			t.places.pods.list[t.places.pod(p.uid)].name = p.name
		}
		if c.claim.name != "" {
			t.places.containers.list[own].claim = c.claim
			t.places.confirm(own)
		}
	}
}

// OnChange sets what is called in place of Options.Changed; nil for nothing.
func (t *Tracker) OnChange(changed func(Key)) {
	if changed == nil {
		changed = func(Key) {}
	}
	t.opts.Changed = changed
}

// OnEvict sets what is called in place of Options.Evicted.
func (t *Tracker) OnEvict(evicted func(Key)) { t.opts.Evicted = evicted }

// UseCold sets where objects go that leave memory, in place of Options.Cold.
func (t *Tracker) UseCold(c Cold) { t.opts.Cold = c }
