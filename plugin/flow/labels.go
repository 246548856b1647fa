package flow

import "strings"

// A label is a handle for a path as one writer saw it.
type label uint32

type labelText struct {
	dir  uint32
	name string
}

// Labels keeps paths, each cut into a folder, which all its files share, and a
// name of its own.
type labels struct {
	list []labelText
	free []label
	dirs registry[string]
}

func newLabels() labels { return labels{dirs: newRegistry[string](64)} }

// cut splits a path behind its last slash.
func cut(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/') + 1
	return path[:i], path[i:]
}

// add keeps a copy of the path.
func (l *labels) add(path string) label {
	dir, name := cut(path)
	d, ok := l.dirs.index[dir]
	if !ok {
		dir = strings.Clone(dir)
		d = l.dirs.enter(dir, dir)
	}
	l.dirs.hold(d)
	text := labelText{d, strings.Clone(name)}
	if n := len(l.free); n > 0 {
		h := l.free[n-1]
		l.free, l.list[h] = l.free[:n-1], text
		return h
	}
	l.list = append(l.list, text)
	return label(len(l.list) - 1)
}

func (l *labels) remove(h label) {
	l.dirs.drop(l.list[h].dir)
	l.list[h] = labelText{}
	l.free = append(l.free, h)
}

// is tells, without making the path, whether the label says it.
func (l *labels) is(h label, path string) bool {
	t := &l.list[h]
	dir := l.dirs.list[t.dir]
	return len(path) == len(dir)+len(t.name) && strings.HasPrefix(path, dir) && path[len(dir):] == t.name
}

// append writes the path behind what is in b.
func (l *labels) append(b []byte, h label) []byte {
	t := &l.list[h]
	return append(append(b, l.dirs.list[t.dir]...), t.name...)
}

func (l *labels) name(h label) string { return l.list[h].name }
