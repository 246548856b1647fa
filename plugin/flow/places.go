package flow

import "strings"

// How many containers and pods are kept that nothing refers to: one that
// returns within this many others still has its name.
const keepUnused = 4096

type (
	containerID = uint32
	podID       = uint32
)

// onHost is the container of what runs in none, noPod the pod of what has none.
const (
	onHost containerID = 0
	noPod  podID       = 0
)

type container struct {
	id    string
	pod   podID
	claim pod // what its labels say, where they cannot be trusted

	byLabel bool // the pod is known from labels alone: the cgroup path's word goes before
}

func (c container) name() string {
	if c.id == "" {
		return HostName
	}
	return c.id
}

type pod struct {
	uid     string
	name    string // namespace/name, empty while unknown
	unnamed string // what it is called until then
}

func (p *pod) text() string {
	if p.name == "" {
		return p.unnamed
	}
	return p.name
}

// Places knows the containers and pods of this machine. A container learns its
// pod and a pod its name at any time; what is known is never unlearned while
// something refers to it.
type places struct {
	containers registry[container]
	pods       registry[pod]
}

func newPlaces() *places {
	p := &places{
		containers: newRegistry[container](keepUnused),
		pods:       newRegistry[pod](keepUnused),
	}
	p.containers.hold(p.containers.enter("", container{})) // the host, for ever
	p.pods.hold(p.pods.enter("", pod{}))
	p.containers.onFree = func(c container) {
		if c.pod != noPod {
			p.pods.drop(c.pod)
		}
	}
	return p
}

func (p *places) enter(at Place) containerID {
	if at.Container == "" {
		return onHost
	}
	c, ok := p.containers.index[at.Container]
	if !ok {
		id := strings.Clone(at.Container)
		c = p.containers.enter(id, container{id: id})
	}
	if at.PodUID != "" && p.unsure(c, at.PodUID) {
		before := p.pods.list[p.containers.list[c].pod]
		p.join(c, p.pod(at.PodUID))
		if own := &p.pods.list[p.containers.list[c].pod]; own.name == "" && before.uid == before.name {
			own.name = before.name // a name that had to serve as a uid
		}
		p.confirm(c)
	}
	return c
}

// recall enters what was known before: it is believed where nothing else is known.
func (p *places) recall(at Place) containerID {
	c := p.enter(Place{Container: at.Container})
	if c != onHost && at.PodUID != "" && p.containers.list[c].pod == noPod {
		p.join(c, p.pod(at.PodUID))
		p.containers.list[c].byLabel = true
		p.confirm(c)
	}
	return c
}

// unsure tells whether the cgroup path's word for a container's pod is news.
func (p *places) unsure(c containerID, uid string) bool {
	own := &p.containers.list[c]
	if own.pod != noPod && p.pods.list[own.pod].uid == uid {
		own.byLabel = false
		return false
	}
	return own.pod == noPod || own.byLabel
}

// confirm believes a container's claim if its cgroup path gave the same pod.
func (p *places) confirm(c containerID) {
	at := &p.containers.list[c]
	if at.pod != noPod && at.claim.name != "" && at.claim.uid == p.pods.list[at.pod].uid {
		p.pods.list[at.pod].name = at.claim.name
	}
}

func (p *places) pod(uid string) podID {
	if h, ok := p.pods.index[uid]; ok {
		return h
	}
	unnamed := "pod:" + uid
	uid = unnamed[len("pod:"):] // the caller's memory may not live
	return p.pods.enter(uid, pod{uid: uid, unnamed: unnamed})
}

func (p *places) join(c containerID, to podID) {
	own := &p.containers.list[c]
	p.pods.hold(to)
	if own.pod != noPod {
		p.pods.drop(own.pod)
	}
	own.pod, own.byLabel = to, false
}

func (p *places) hold(c containerID) { p.containers.hold(c) }
func (p *places) drop(c containerID) { p.containers.drop(c) }

func (p *places) podName(c containerID) string {
	at := &p.containers.list[c]
	if at.pod == noPod {
		return at.name()
	}
	return p.pods.list[at.pod].text()
}

// podUIDName is the pod's domain as it was shown before its name was known, and
// the same as podName where there is no such pod.
func (p *places) podUIDName(c containerID) string {
	at := &p.containers.list[c]
	if at.pod == noPod {
		return at.name()
	}
	return p.pods.list[at.pod].unnamed
}

func (p *places) samePod(a, b containerID) bool {
	x, y := p.containers.list[a].pod, p.containers.list[b].pod
	switch {
	case x == noPod || y == noPod:
		return a == b
	case x == y:
		return true
	}
	name := p.pods.list[x].name
	return name != "" && name == p.pods.list[y].name
}

// Describe adds what is known of a container: its pod, and the pod's name.
func (t *Tracker) Describe(d Description) {
	if d.Container == "" {
		return
	}
	p := t.places
	name := ""
	if d.PodNamespace != "" && d.PodName != "" {
		name = d.PodNamespace + "/" + d.PodName
	}
	if d.Claimed {
		c := p.enter(Place{Container: d.Container})
		if name != "" {
			p.containers.list[c].claim = pod{uid: strings.Clone(d.PodUID), name: name}
			p.confirm(c)
		}
		return
	}
	anyUID := d.PodUID == ""
	if anyUID && name != "" {
		d.PodUID = name // where no uid ever comes, the name has to serve
	}
	c := p.recall(d.Place)
	if at := p.containers.list[c].pod; at != noPod && name != "" && (anyUID || p.pods.list[at].uid == d.PodUID) {
		p.pods.list[at].name = name
	}
}

// Remove says that a container is gone. What is known of it stays for as long as
// an object that it wrote does.
func (t *Tracker) Remove(id string) {
	if c, ok := t.places.containers.index[id]; ok && c != onHost {
		t.places.containers.retire(c)
	}
}
