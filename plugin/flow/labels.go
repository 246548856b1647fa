package flow

import "strings"

// A label is a handle for a path as one writer saw it.
type label uint32

// Labels keeps paths, each cut into a folder, which all its files share, and a
// name of its own.
type labels struct {
	names arena
	dirs  registry[string]
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
	return label(l.names.add(d, name))
}

func (l *labels) remove(h label) {
	d, _ := l.names.number(uint32(h))
	l.dirs.drop(d)
	l.names.remove(uint32(h))
}

// is tells, without making the path, whether the label says it.
func (l *labels) is(h label, path string) bool {
	d, length := l.names.number(uint32(h))
	dir := l.dirs.list[d]
	return len(path) == len(dir)+length && strings.HasPrefix(path, dir) && l.names.is(uint32(h), path[len(dir):])
}

// append writes the path behind what is in b.
func (l *labels) append(b []byte, h label) []byte {
	d, _ := l.names.number(uint32(h))
	return l.names.append(append(b, l.dirs.list[d]...), uint32(h))
}

// named tells whether the path's last element is name.
func (l *labels) named(h label, name string) bool { return l.names.is(uint32(h), name) }
