package flow

// A Subject is a handle for who makes an access: a process name and a place.
type Subject uint32

type subjectKey struct {
	process string
	at      containerID
}

type subject struct {
	subjectKey
	refs uint32
}

// Subjects interns the names of those who act, one handle for each pair of
// process and container, for as long as anybody holds it.
type subjects struct {
	list  []subject
	free  []Subject
	index map[subjectKey]Subject
}

// Subject gives the handle for a process at a place. It must be released.
func (t *Tracker) Subject(process string, at Place) Subject {
	return t.subject(process, t.places.enter(at))
}

func (t *Tracker) subject(process string, at containerID) Subject {
	k := subjectKey{process, at}
	s, ok := t.subjects.index[k]
	if !ok {
		k.process = string([]byte(process)) // the caller's memory may not live
		s = t.subjects.add(k)
		t.places.hold(k.at)
	}
	t.subjects.list[s].refs++
	return s
}

func (s *subjects) add(k subjectKey) Subject {
	var h Subject
	if n := len(s.free); n > 0 {
		h, s.free = s.free[n-1], s.free[:n-1]
		s.list[h] = subject{subjectKey: k}
	} else {
		h = Subject(len(s.list))
		s.list = append(s.list, subject{subjectKey: k})
	}
	s.index[k] = h
	return h
}

// Release gives back what Subject gave.
func (t *Tracker) Release(h Subject) {
	s := &t.subjects.list[h]
	if s.refs--; s.refs > 0 {
		return
	}
	delete(t.subjects.index, s.subjectKey)
	t.places.drop(s.at)
	*s = subject{}
	t.subjects.free = append(t.subjects.free, h)
}

// Who names a subject.
func (t *Tracker) Who(h Subject) Who {
	s := &t.subjects.list[h]
	return Who{s.process, t.places.containers.list[s.at].name(), t.places.podName(s.at)}
}

// Domain is the subject's side of the border at a granularity.
func (t *Tracker) Domain(g Granularity, h Subject) string {
	s := &t.subjects.list[h]
	switch g {
	case Process:
		return s.process
	case Container:
		return t.places.containers.list[s.at].name()
	default:
		return t.places.podName(s.at)
	}
}

// same tells whether two subjects are on the same side at a granularity.
func (t *Tracker) same(g Granularity, a, b Subject) bool {
	if a == b {
		return true
	}
	x, y := &t.subjects.list[a], &t.subjects.list[b]
	switch g {
	case Process:
		return x.process == y.process
	case Container:
		return x.at == y.at
	default:
		return t.places.samePod(x.at, y.at)
	}
}
