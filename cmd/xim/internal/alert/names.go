package alert

// names hands out one string for equal bytes, so that a name seen before costs
// a look-up and no allocation. Its size is bounded: full, it starts over; a long
// name is not kept.
type names struct{ known map[string]string }

const (
	maxKnown = 1 << 14
	maxShort = 256
)

func (n *names) get(b []byte) string {
	if s, ok := n.known[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > maxShort {
		return s
	}
	if n.known == nil || len(n.known) >= maxKnown {
		n.known = make(map[string]string)
	}
	n.known[s] = s
	return s
}
