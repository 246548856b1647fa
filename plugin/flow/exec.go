package flow

// A Program is what an exec tells of the file that is executed.
type Program struct {
	Inode     uint64
	Overlay   bool   // it lies on an overlay
	Container string // who executes it, empty for the host
	Path      string
}

// Exec judges the execution of a program. Its device is unknown: every object of
// that inode number where the program may lie is a candidate, pipes left out. A
// candidate that no writer knew by the program's base name, and that lies where
// the path hardly leads, is another file whose inode number is the same by chance.
// Of several, the one with the same base name is it; if that does not settle it,
// nothing is reported and the exec is counted as unclear.
func (t *Tracker) Exec(p Program, s Subject, at int64) *Verdict {
	t.stats.Reads++
	_, base := cut(p.Path)
	t.found = t.found[:0]
	named := 0 // those of the same base name come first in found
	for dev, v := range t.devices.known {
		k := Key{dev, p.Inode}
		if !v.holds(p.Overlay, p.Container, t.opts.Cold != nil) || t.pipes.Contains(k) {
			continue
		}
		r, ok := t.get(k)
		if !ok {
			continue
		}
		same := t.knownAs(&r, base)
		if !same && t.allDoubtful(&r) {
			continue
		}
		if !same && !p.Overlay && t.sights.unlikely(t.subjects.list[s].at, dev, p.Path) {
			continue
		}
		t.found = append(t.found, k)
		if same {
			last := len(t.found) - 1
			t.found[named], t.found[last] = t.found[last], t.found[named]
			named++
		}
	}
	switch {
	case len(t.found) == 0:
		return nil
	case named == 1 || len(t.found) == 1:
		if r, ok := t.get(t.found[0]); ok { // it may have left memory for another candidate
			return t.judge(&r, s, p.Path, 0, OpExec, at)
		}
		return nil
	}
	t.stats.UnclearExecs++
	return nil
}

// allDoubtful tells whether every writer's path said that the file is no object: on
// procfs there are no programs.
func (t *Tracker) allDoubtful(r *record) bool {
	all := true
	t.objects.each(r, func(w *writer) { all = all && w.label&doubtful != 0 })
	return all
}

// knownAs tells whether a writer knew an object by a base name.
func (t *Tracker) knownAs(r *record, base string) bool {
	found := false
	t.objects.each(r, func(w *writer) { found = found || t.labels.named(w.path(), base) })
	return found
}
