package pipeline

import "github.com/xim-monitor/xim/cmd/xim/internal/dedup"

// Flows returns a copy of what is known and matches, that seen last first.
func (p *Pipeline) Flows(match func(*dedup.Record) bool) (flows []dedup.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set.All(func(r *dedup.Record) bool {
		if match(r) {
			flows = append(flows, *r)
		}
		return true
	})
	return flows
}

// Forget makes the flows that match new again, in the store too when it returns.
func (p *Pipeline) Forget(match func(*dedup.Record) bool) (n int) {
	p.mu.Lock()
	p.set.All(func(r *dedup.Record) bool {
		if match(r) {
			p.set.Remove(r.Key())
			p.changed[r.Key()] = struct{}{}
			n++
		}
		return true
	})
	p.Stats.Known.Store(int64(p.set.Len()))
	p.mu.Unlock()
	p.Save()
	return n
}
