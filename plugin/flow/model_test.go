package flow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// A model is the engine told plainly: maps of whole strings, copied and searched
// at will. The same calls must give the same answers. It knows nothing of execs,
// and keeps every pod for ever.
type model struct {
	opts    Options
	objects map[Key][]modelWriter // latest first
	order   []Key                 // least recently written first
	pipes   map[Key]bool
	podOf   map[string]string    // a container's pod uid, empty outside any
	byLabel map[string]bool      // that pod is known from labels alone
	claims  map[string][2]string // a container's claim: uid, name
	names   map[string]string    // a pod's name by its uid, empty while unknown
	seen    []string             // flows, least recently seen first
	evicted [3]int               // objects, writers, flows
	flows   [granularities]int
}

type modelSubject struct{ process, container string }

type modelWriter struct {
	modelSubject
	path string
	at   int64
}

func newModel(opts Options) *model {
	for limit, def := range map[*int]int{
		&opts.MaxObjects: DefaultMaxObjects, &opts.MaxWriters: DefaultMaxWriters, &opts.MaxFlows: DefaultMaxFlows,
	} {
		*limit = cmp.Or(*limit, def)
	}
	return &model{
		opts: opts, objects: map[Key][]modelWriter{}, pipes: map[Key]bool{},
		podOf: map[string]string{}, byLabel: map[string]bool{}, claims: map[string][2]string{}, names: map[string]string{},
	}
}

// enter says that something runs at a place: the cgroup path's word, which goes
// before a label's.
func (m *model) enter(at Place) {
	if at.Container == "" {
		return
	}
	known := m.podOf[at.Container]
	if known == at.PodUID && known != "" {
		m.byLabel[at.Container] = false
	} else if known == "" || at.PodUID != "" && m.byLabel[at.Container] {
		m.join(at, false)
		if m.names[at.PodUID] == "" && known != "" && m.names[known] == known {
			m.names[at.PodUID] = known
		}
	}
}

func (m *model) join(at Place, byLabel bool) {
	m.podOf[at.Container] = at.PodUID
	m.byLabel[at.Container] = byLabel
	m.confirm(at.Container)
}

// confirm believes a claim that fits the pod.
func (m *model) confirm(container string) {
	uid, claim := m.podOf[container], m.claims[container]
	if uid == "" {
		return
	}
	if m.names[uid] += ""; claim[0] == uid {
		m.names[uid] = claim[1]
	}
}

func (m *model) describe(d Description) {
	if d.Container == "" {
		return
	}
	name := ""
	if d.PodNamespace != "" && d.PodName != "" {
		name = d.PodNamespace + "/" + d.PodName
	}
	if d.Claimed {
		m.enter(Place{Container: d.Container})
		if name != "" {
			m.claims[d.Container] = [2]string{d.PodUID, name}
			m.confirm(d.Container)
		}
		return
	}
	if at := (Place{d.Container, cmp.Or(d.PodUID, name)}); m.podOf[d.Container] == "" {
		m.join(at, true)
	}
	if uid := m.podOf[d.Container]; uid != "" && name != "" && (d.PodUID == "" || d.PodUID == uid) {
		m.names[uid] = name
	}
}

func (m *model) remove(container string) {
	for _, writers := range m.objects {
		if slices.ContainsFunc(writers, func(w modelWriter) bool { return w.container == container }) {
			return
		}
	}
	delete(m.podOf, container)
	delete(m.claims, container)
}

func (m *model) forget(k Key) {
	delete(m.objects, k)
	m.order = slices.DeleteFunc(m.order, func(o Key) bool { return o == k })
}

func (m *model) created(k Key) {
	delete(m.pipes, k)
	m.forget(k)
}

func (m *model) truncated(k Key) {
	if !m.pipes[k] {
		m.forget(k)
	}
}

func (m *model) pipe(k Key) {
	if !m.pipes[k] {
		m.forget(k)
		m.pipes[k] = true
	}
}

func (m *model) write(k Key, s modelSubject, path string, at int64) {
	writers := slices.DeleteFunc(slices.Clone(m.objects[k]), func(w modelWriter) bool { return w.modelSubject == s })
	writers = append([]modelWriter{{s, path, at}}, writers...)
	if len(writers) > m.opts.MaxWriters {
		writers = writers[:m.opts.MaxWriters]
		m.evicted[1]++
	}
	m.forget(k)
	if len(m.order) == m.opts.MaxObjects {
		m.forget(m.order[0])
		m.evicted[0]++
	}
	m.objects[k] = writers
	m.order = append(m.order, k)
}

func (m *model) domain(g Granularity, s modelSubject) string {
	switch uid := m.podOf[s.container]; {
	case g == Process:
		return s.process
	case s.container == "":
		return "host"
	case g == Pod && m.names[uid] != "":
		return m.names[uid]
	default:
		return m.unnamed(g, s)
	}
}

// unnamed is the domain as if no pod had a name.
func (m *model) unnamed(g Granularity, s modelSubject) string {
	if uid := m.podOf[s.container]; g == Pod && uid != "" {
		return "pod:" + uid
	}
	return cmp.Or(s.container, "host")
}

// podNames are what the subject's pod is called, and was before more was known.
func (m *model) podNames(s modelSubject) []string {
	return []string{m.domain(Pod, s), m.unnamed(Pod, s), m.domain(Container, s)}
}

func (m *model) who(s modelSubject) string {
	return fmt.Sprint(m.domain(Process, s), "/", m.domain(Container, s), "/", m.domain(Pod, s))
}

// read gives the whole verdict as text.
func (m *model) read(k Key, s modelSubject, path string, at int64) string {
	text := ""
	for _, g := range Granularities {
		var domains []string
		fresh := false
		line := ""
		for _, w := range m.objects[k] {
			d := m.domain(g, w.modelSubject)
			if d == m.domain(g, s) || slices.Contains(domains, d) {
				continue
			}
			domains = append(domains, d)
			line += fmt.Sprintf(" %s(%s %s %d)", d, m.who(w.modelSubject), w.path, max(0, at-w.at))
			fresh = m.fresh(g, w.modelSubject, path, s) || fresh
		}
		if domains != nil {
			text += fmt.Sprintf("%v new=%v%s -> %s -> %s\n", g, fresh, line, path, m.who(s))
		}
	}
	return text
}

// fresh: a flow is also known by what its sides were called while unnamed.
func (m *model) fresh(g Granularity, w modelSubject, path string, r modelSubject) bool {
	flow := func(from, to string) string { return fmt.Sprint(g, " ", from, " ", path, " ", to) }
	key := flow(m.domain(g, w), m.domain(g, r))
	if m.touch(key) {
		return false
	}
	known := false
	for i, from := range m.podNames(w) {
		for j, to := range m.podNames(r) {
			known = known || g == Pod && i+j > 0 && m.touch(flow(from, to))
		}
	}
	if len(m.seen) == m.opts.MaxFlows {
		m.seen = m.seen[1:]
		m.evicted[2]++
	}
	m.seen = append(m.seen, key)
	if !known {
		m.flows[g]++
	}
	return !known
}

// touch looks a flow up and makes it the most recently seen.
func (m *model) touch(key string) bool {
	i := slices.Index(m.seen, key)
	if i >= 0 {
		m.seen = append(slices.Delete(m.seen, i, i+1), key)
	}
	return i >= 0
}

func (m *model) stats() string {
	subjects := map[modelSubject]bool{}
	for writers := range maps.Values(m.objects) {
		for _, w := range writers {
			subjects[w.modelSubject] = true
		}
	}
	return fmt.Sprint(len(m.order), len(m.seen), len(subjects), len(m.podOf), len(m.names), m.flows, m.evicted)
}
