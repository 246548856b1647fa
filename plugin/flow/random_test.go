package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A player makes random calls, few enough that they meet.
type player struct {
	*rand.Rand
	tracker *Tracker
	now     int64
}

func (p *player) key() Key {
	if p.IntN(8) == 0 {
		return p.tracker.PathKey("c1", "/x")
	}
	return InodeKey(uint32(1+p.IntN(2)), uint64(1+p.IntN(5)))
}

func (p *player) place() Place {
	at := Place{Container: p.container()}
	if at.Container != "" && p.IntN(2) == 0 {
		at.PodUID = fmt.Sprint("u", 1+p.IntN(4))
	}
	return at
}

func (p *player) container() string {
	if p.IntN(4) == 0 {
		return ""
	}
	return fmt.Sprint("c", 1+p.IntN(5))
}

func (p *player) process() string { return string(rune('A' + p.IntN(3))) }
func (p *player) path() string    { return fmt.Sprint("/dir", p.IntN(2), "/x", p.IntN(2)) }

// description is rich or poor.
func (p *player) description() Description {
	d := told(p.place(), "", "")
	if d.Container != "" && p.IntN(2) == 0 {
		d.PodNamespace, d.PodName = pick(p, "ns", "prod", ""), pick(p, "a", "b", "")
		d.Claimed = p.IntN(4) == 0
	}
	return d
}

func pick(p *player, of ...string) string { return of[p.IntN(len(of))] }

// tick is mostly forward.
func (p *player) tick() { p.now += int64(p.IntN(10)) - 2 }

// TestModel plays the same random calls to the Tracker and to the model.
func TestModel(t *testing.T) {
	for _, opts := range []Options{
		{},
		{MaxObjects: 3},
		{MaxWriters: 1},
		{MaxFlows: 5},
		{MaxObjects: 1, MaxWriters: 1, MaxFlows: 1},
		{MaxObjects: 4, MaxWriters: 2, MaxFlows: 12},
	} {
		t.Run(fmt.Sprint(opts.MaxObjects, opts.MaxWriters, opts.MaxFlows), func(t *testing.T) {
			for seed := range uint64(40) {
				playModel(t, opts, seed)
			}
		})
	}
}

func playModel(t *testing.T, opts Options, seed uint64) {
	tr, m := newTracker(t, opts), newModel(opts)
	p := &player{rand.New(rand.NewPCG(seed, 1)), tr, 1000}
	var steps []string
	for range 400 {
		step, got, want := p.step(m)
		steps = append(steps, step)
		if s, w := statsText(tr), m.stats(); got != want || s != w {
			t.Fatalf("seed %d, at the end of\n%s\n got %s %s\nwant %s %s",
				seed, strings.Join(steps, "\n"), got, s, want, w)
		}
	}
}

// step makes one call to both and tells what came of it.
func (p *player) step(m *model) (step, got, want string) {
	p.tick()
	k, tr := p.key(), p.tracker
	switch n := p.IntN(100); {
	case n < 75:
		return p.access(m, k, n < 35)
	case n < 85:
		d := p.description()
		tr.Describe(d)
		m.describe(d)
		return fmt.Sprintf("describe %+v", d), "", ""
	case n < 90:
		c := p.container()
		tr.Remove(c)
		m.remove(c)
		return "remove " + c, "", ""
	case n < 93:
		tr.Created(k)
		m.created(k)
		return fmt.Sprint("created ", k), "", ""
	case n < 97:
		tr.Truncated(k)
		m.truncated(k)
		return fmt.Sprint("truncated ", k), "", ""
	default:
		tr.Pipe(k)
		m.pipe(k)
		return fmt.Sprint("pipe ", k), "", ""
	}
}

func (p *player) access(m *model, k Key, write bool) (step, got, want string) {
	process, at, path := p.process(), p.place(), p.path()
	step = fmt.Sprint(process, at, " at ", k, path, " writes ", write)
	s := p.tracker.Subject(process, at)
	defer p.tracker.Release(s)
	m.enter(at)
	by := modelSubject{process, at.Container}
	if write {
		p.tracker.Write(k, s, path, p.now)
		m.write(k, by, path, p.now)
		return step, "", ""
	}
	return step, wholeText(p.tracker.Read(k, s, path, OpRead, p.now)), m.read(k, by, path, p.now)
}

// wholeText says all that a verdict says, as the model does.
func wholeText(v *Verdict) string {
	if v == nil {
		return ""
	}
	who := func(w Who) string { return w.Process + "/" + w.Container + "/" + w.Pod }
	text := ""
	for _, g := range Granularities {
		c := v.Crossing(g)
		if len(c.Writers) == 0 {
			continue
		}
		text += fmt.Sprintf("%v new=%v", g, c.New)
		for i := range c.Writers {
			w := &c.Writers[i]
			text += fmt.Sprintf(" %s(%s %s %d)", w.Domain, who(w.Who), w.Path(), v.Age(w))
		}
		text += " -> " + v.Path + " -> " + who(v.Reader) + "\n"
	}
	return text
}

func statsText(t *Tracker) string {
	s := t.Stats()
	evicted := [...]uint64{s.ObjectsEvicted, s.WritersEvicted, s.FlowsEvicted}
	return fmt.Sprint(s.Objects, s.KnownFlows, s.Subjects, s.Containers, s.Pods, s.Flows, evicted)
}
