package flow

// A Program is what an exec tells of the file that is executed.
type Program struct {
	Inode     uint64
	Overlay   bool   // it lies on an overlay
	Container string // who executes it, empty for the host
	Path      string
}

// Exec judges the execution of a program. Its device is unknown: every object of
// that inode number where the program may lie is a candidate. Of several, one
// that a writer knew by the program's own name is it; if that does not settle it
// either, nothing is reported and the exec is counted as unclear.
func (t *Tracker) Exec(p Program, s Subject, at int64) *Verdict {
	t.stats.Reads++
	t.found = t.found[:0]
	for dev, v := range t.devices.known {
		if v.holds(p.Overlay, p.Container) {
			if r, ok := t.objects.lru.Peek(Key{dev, p.Inode}); ok {
				t.found = append(t.found, r)
			}
		}
	}
	found := t.found
	if len(found) > 1 {
		found = t.named(found, p.Path)
	}
	switch len(found) {
	case 0:
		if len(t.found) == 0 {
			return nil
		}
	case 1:
		return t.judge(&found[0], s, p.Path, OpExec, at)
	}
	t.stats.UnclearExecs++
	return nil
}

// named keeps the candidates that a writer knew by the path's base name.
func (t *Tracker) named(found []record, path string) []record {
	_, base := cut(path)
	n := 0
	for _, r := range found {
		match := false
		t.objects.each(&r, func(w *writer) { match = match || t.labels.name(w.label) == base })
		if match {
			found[n] = r
			n++
		}
	}
	return found[:n]
}
