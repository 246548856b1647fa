package forward

import "sync"

// maxWaiting is how many payloads a Memory holds.
const maxWaiting = 10_000

// Memory is a queue that ends with the process. What finds no room is dropped
// and counted. The zero value is ready.
type Memory struct {
	mu      sync.Mutex
	items   []Item
	last    uint64
	dropped uint64
}

var _ Queue = (*Memory)(nil)

// Add puts a payload in.
func (m *Memory) Add(payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) >= maxWaiting {
		m.dropped++
		return
	}
	m.last++
	m.items = append(m.items, Item{m.last, payload})
}

// Next returns the oldest.
func (m *Memory) Next(n int) ([]Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Item(nil), m.items[:min(n, len(m.items))]...), nil
}

// Done takes out what Next returned, or the first of it.
func (m *Memory) Done(items []Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = append([]Item(nil), m.items[len(items):]...)
	return nil
}

// Waiting is how many are in.
func (m *Memory) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}

// Dropped is how many found no room.
func (m *Memory) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}
