package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

// 500 flows are few arrows, and none is lost: the rest is counted.
func TestManyFlows(t *testing.T) {
	var flows []dedup.Record
	for n := range 500 {
		flows = append(flows, dedup.Record{Flow: alert.Flow{
			Writer: fmt.Sprintf("w%d", n%10), Path: fmt.Sprintf("/p/%d", n), Reader: fmt.Sprintf("r%d", n%70),
		}})
	}
	g := New(flows, 40)
	drawn := 0
	for i, e := range g.Edges {
		drawn += e.Flows
		if i > 0 && e.Flows > g.Edges[i-1].Flows {
			t.Errorf("edge %d has more flows than the one before", i)
		}
		if len(e.Paths) > maxPaths {
			t.Errorf("edge %d names %d paths", i, len(e.Paths))
		}
	}
	if len(g.Edges) != 40 || drawn+g.HiddenFlows != 500 || len(g.Edges)+g.HiddenEdges != 70 {
		t.Errorf("%d edges with %d flows, hidden %d with %d", len(g.Edges), drawn, g.HiddenEdges, g.HiddenFlows)
	}
	for name, text := range map[string]string{"dot": g.DOT(), "mermaid": g.Mermaid()} {
		if lines := strings.Count(text, "\n"); lines > 130 {
			t.Errorf("%s has %d lines", name, lines)
		}
	}
}

// A name can end neither a label nor a line of the graph.
func TestHostileNames(t *testing.T) {
	g := New([]dedup.Record{{Flow: alert.Flow{Writer: "a\"];\nx", Path: "/p|\\`<b>", Reader: strings.Repeat("long", 100)}}}, 40)
	want := "flowchart LR\n" +
		`    n0["a#34;#93;#59;#92;nx"]` + "\n" +
		`    n1["longlonglonglonglonglonglonglo...nglonglonglonglonglonglonglong"]` + "\n" +
		`    n0 -->|"/p#124;#92;#92;#96;#60;b#62;"| n1` + "\n"
	if got := g.Mermaid(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := g.DOT(), `n0 [label="a\"];\\nx"];`; !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}

// Where there are several hosts each is named, also one without a name.
func TestHosts(t *testing.T) {
	g := New([]dedup.Record{{Flow: alert.Flow{Writer: "a", Reader: "b"}}, {Flow: alert.Flow{Host: "n", Writer: "a", Reader: "b"}}}, 40)
	if got, want := strings.Join(g.Nodes, " | "), "-: a | -: b | n: a | n: b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
