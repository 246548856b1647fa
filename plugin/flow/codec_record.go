package flow

// encodeRecord writes an object's writers, latest first, with all that is known of who
// they are, so that it can be read where no handle of this Tracker means anything.
func (t *Tracker) encodeRecord(e *encoder, r *record) {
	n := uint64(1)
	if r.others > 0 {
		n += uint64(len(t.objects.others[r.others-1]))
	}
	e.number(n)
	t.objects.each(r, func(w *writer) {
		s := &t.subjects.list[w.subject]
		c := &t.places.containers.list[s.at]
		e.number(uint64(w.at))
		e.text(s.process)
		e.text(c.id)
		e.text(t.places.pods.list[c.pod].uid)
		e.number(uint64(w.label & doubtful))
		t.path = t.labels.append(t.path[:0], w.path())
		e.number(uint64(len(t.path)))
		e.b = append(e.b, t.path...)
	})
}

// decodeRecord makes a record whose writers are as many as fit.
func (t *Tracker) decodeRecord(d *decoder) (record, error) {
	var r record
	n := d.number()
	writers := make([]writer, 0, min(n, uint64(t.opts.MaxWriters)))
	for i := uint64(0); i < n && d.err == nil; i++ {
		at := int64(d.number())
		process := d.text()
		place := Place{Container: d.text(), PodUID: d.text()}
		mark := label(d.number()) & doubtful
		path := d.text()
		if d.err == nil && len(writers) < t.opts.MaxWriters {
			writers = append(writers, writer{at, t.subject(process, t.places.recall(place)), t.labels.add(path) | mark})
		}
	}
	if d.err == nil && n == 0 {
		d.fail()
	}
	if d.err != nil {
		for i := range writers {
			t.leave(&writers[i])
		}
		return r, d.err
	}
	r.latest = writers[len(writers)-1]
	for i := len(writers) - 2; i >= 0; i-- {
		t.objects.displace(&r, writers[i])
	}
	return r, nil
}
