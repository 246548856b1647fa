package live

import (
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
	return names, nil
}

// Socket finds the socket of this machine's container runtime, "" for none.
func Socket() string { return cri.Socket() }
