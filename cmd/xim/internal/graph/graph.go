// Package graph draws flows: domains are nodes, and all flows from one domain to
// another are one edge. Of many edges the ones with the most flows are drawn; the
// rest is folded into one line of text, so that 500 flows stay readable.
//
// Names are escaped twice: to be harmless text (package output), then for the
// language of the graph.
package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/output"
)

// maxPaths is how many paths an edge names; maxLabel cuts a long one.
const (
	maxPaths = 3
	maxLabel = 60
)

// Graph is what is drawn.
type Graph struct {
	Nodes []string // shown names
	Edges []Edge   // most flows first
	// What is not drawn.
	HiddenEdges, HiddenFlows int
}

// Edge is all flows from one node to another.
type Edge struct {
	From, To int // in Nodes
	Flows    int
	Paths    []string // some, shown
}

type ends struct{ from, to string }

// New merges flows into at most maxEdges edges.
func New(flows []dedup.Record, maxEdges int) Graph {
	hosts, granularities := make(map[string]bool), make(map[string]bool)
	for i := range flows {
		hosts[flows[i].Host] = true
		granularities[flows[i].Granularity] = true
	}
	name := func(r *dedup.Record, domain string) string {
		s := output.Name(domain)
		if len(granularities) > 1 {
			s += " (" + output.Name(r.Granularity) + ")"
		}
		if len(hosts) > 1 {
			s = cmp.Or(output.Name(r.Host), "-") + ": " + s
		}
		return s
	}
	paths := make(map[ends][]string)
	for i := range flows {
		r := &flows[i]
		e := ends{name(r, r.Writer), name(r, r.Reader)}
		paths[e] = append(paths[e], r.Path)
	}
	all := make([]ends, 0, len(paths))
	for e := range paths {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b ends) int {
		return cmp.Or(len(paths[b])-len(paths[a]), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var g Graph
	for _, e := range all[min(maxEdges, len(all)):] {
		g.HiddenEdges++
		g.HiddenFlows += len(paths[e])
	}
	place := make(map[string]int)
	node := func(name string) int {
		i, ok := place[name]
		if !ok {
			i = len(g.Nodes)
			place[name] = i
			g.Nodes = append(g.Nodes, short(name))
		}
		return i
	}
	for _, e := range all[:min(maxEdges, len(all))] {
		of := paths[e]
		slices.Sort(of)
		edge := Edge{From: node(e.from), To: node(e.to), Flows: len(of)}
		for _, p := range of[:min(maxPaths, len(of))] {
			edge.Paths = append(edge.Paths, short(output.Name(p)))
		}
		g.Edges = append(g.Edges, edge)
	}
	return g
}

// label is the lines of text on an edge.
func (e Edge) label() []string {
	if more := e.Flows - len(e.Paths); more > 0 {
		return append(slices.Clone(e.Paths), fmt.Sprintf("and %d more", more))
	}
	return e.Paths
}

// rest says what is not drawn, "" if all is.
func (g Graph) rest() string {
	if g.HiddenEdges == 0 {
		return ""
	}
	return fmt.Sprintf("not drawn: %d edges with %d flows", g.HiddenEdges, g.HiddenFlows)
}

// short cuts the middle out of a long name.
func short(s string) string {
	r := []rune(s)
	if len(r) <= maxLabel {
		return s
	}
	return string(r[:maxLabel/2]) + "..." + string(r[len(r)-maxLabel/2:])
}

// DOT writes the graph for Graphviz.
func (g Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph xim {\n\trankdir=LR;\n\tnode [shape=box];\n")
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "\tn%d [label=%s];\n", i, dotString(n))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "\tn%d -> n%d [label=%s];\n", e.From, e.To, dotString(e.label()...))
	}
	if rest := g.rest(); rest != "" {
		fmt.Fprintf(&b, "\tlabel=%s;\n", dotString(rest))
	}
	b.WriteString("}\n")
	return b.String()
}

var dotEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func dotString(lines ...string) string {
	escaped := make([]string, len(lines))
	for i, l := range lines {
		escaped[i] = dotEscape.Replace(l)
	}
	return `"` + strings.Join(escaped, `\n`) + `"`
}

// Mermaid writes the graph for Mermaid, as Markdown on GitHub shows it.
func (g Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "    n%d[%s]\n", i, mermaidString(n))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "    n%d -->|%s| n%d\n", e.From, mermaidString(e.label()...), e.To)
	}
	if rest := g.rest(); rest != "" {
		fmt.Fprintf(&b, "    rest[%s]\n", mermaidString(rest))
	}
	return b.String()
}

// mermaidString writes every character that may mean something to Mermaid, or
// to Markdown within it, as an entity code.
func mermaidString(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, l := range lines {
		if i > 0 {
			b.WriteString("<br>")
		}
		for _, r := range l {
			if strings.ContainsRune(" /.-:()", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f {
				b.WriteRune(r)
				continue
			}
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
