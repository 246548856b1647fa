package flow

// What a Tracker knows is written as a row of pieces, each with its kind and its
// length before it, so that a reader passes over the kinds that it does not know.
const (
	pieceSecret = iota + 1
	piecePods
	pieceContainers
	piecePipes
	pieceOverlays
	pieceSeen
	pieceObjects
)

// savedAtOnce is how many objects one call of Save.Next writes.
const savedAtOnce = 512

// A Save writes what a Tracker knows, a piece with each call of Next, so that the
// Tracker can be used in between: an object is written as it is at that moment.
type Save struct {
	tracker *Tracker
	keys    []Key
	steps   []func(*encoder)
}

// Save begins to write what the Tracker knows. What went to the cold store, and
// what helps to tell executed programs apart, is not in it.
func (t *Tracker) Save() *Save {
	s := &Save{tracker: t, keys: t.objects.lru.Keys()}
	s.steps = []func(*encoder){
		s.piece(pieceSecret, t.saveSecret),
		s.piece(piecePods, t.savePods),
		s.piece(pieceContainers, t.saveContainers),
		s.piece(piecePipes, t.savePipes),
		s.piece(pieceOverlays, t.saveOverlays),
		s.piece(pieceSeen, t.saveSeen),
	}
	return s
}

// Next appends the next piece to b; it reports false where there was none left.
func (s *Save) Next(b []byte) ([]byte, bool) {
	e := encoder{b}
	switch {
	case len(s.steps) > 0:
		s.steps[0](&e)
		s.steps = s.steps[1:]
	case len(s.keys) > 0:
		n := min(len(s.keys), savedAtOnce)
		s.piece(pieceObjects, func(e *encoder) { s.tracker.saveObjects(e, s.keys[:n]) })(&e)
		s.keys = s.keys[n:]
	default:
		return b, false
	}
	return e.b, true
}

// piece puts its kind and length before what save writes.
func (s *Save) piece(kind uint64, save func(*encoder)) func(*encoder) {
	return func(e *encoder) {
		var inner encoder
		save(&inner)
		e.number(kind)
		e.number(uint64(len(inner.b)))
		e.b = append(e.b, inner.b...)
	}
}

func (t *Tracker) saveSecret(e *encoder) {
	e.number(t.secret.k0)
	e.number(t.secret.k1)
}

func (t *Tracker) savePods(e *encoder) {
	for _, h := range t.places.pods.index {
		if p := &t.places.pods.list[h]; h != noPod && p.name != "" {
			e.text(p.uid)
			e.text(p.name)
		}
	}
}

func (t *Tracker) saveContainers(e *encoder) {
	for _, h := range t.places.containers.index {
		if c := &t.places.containers.list[h]; h != onHost {
			e.text(c.id)
			e.text(t.places.pods.list[c.pod].uid)
			e.text(c.claim.uid)
			e.text(c.claim.name)
			byLabel := uint64(0)
			if c.byLabel {
				byLabel = 1
			}
			e.number(byLabel)
		}
	}
}

func (t *Tracker) savePipes(e *encoder) {
	for _, k := range t.pipes.Keys() {
		e.key(k)
	}
}

func (t *Tracker) saveOverlays(e *encoder) {
	for dev, d := range t.devices.known {
		for _, c := range d.overlays {
			e.number(dev)
			e.text(c)
		}
	}
}

// saveSeen writes the flows least recently seen first, as saveObjects the objects.
func (t *Tracker) saveSeen(e *encoder) {
	for _, h := range t.seen.lru.Keys() {
		e.number(h)
	}
}

func (t *Tracker) saveObjects(e *encoder, keys []Key) {
	for _, k := range keys {
		if r, ok := t.objects.lru.Peek(k); ok {
			e.key(k)
			t.encodeRecord(e, &r)
		}
	}
}
