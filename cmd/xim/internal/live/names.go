package live

import (
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
	"github.com/xim-monitor/xim/plugin/kernel/cri"
)

// names asks the container runtime for pods; nil where nobody is asked.
func (s *Source) names() (kernel.Names, error) {
	if s.o.CRI == "" {
		s.o.Debug("no container runtime is asked: pods are named by their uid")
		return nil, nil
	}
	names, err := cri.Dial(s.o.CRI, s.o.Log)
	if err != nil {
		return nil, err
	}
	s.o.Debug("pods are named by the container runtime at %s", s.o.CRI)
	s.asked = names
	told := told{Names: names, answers: make(chan flow.Description)}
	go told.run(s.o.Debug)
	return told, nil
}

// told is Names whose answers are said.
type told struct {
	kernel.Names
	answers chan flow.Description
}

func (t told) Answers() <-chan flow.Description { return t.answers }

// run passes answers on, for as long as the program runs: they never end.
func (t told) run(debug func(string, ...any)) {
	for d := range t.Names.Answers() {
		debug("container %s is in pod %s/%s (%s)", d.Container, d.PodNamespace, d.PodName, d.PodUID)
		t.answers <- d
	}
}

// Socket finds the socket of this machine's container runtime, "" for none.
func Socket() string { return cri.Socket() }
