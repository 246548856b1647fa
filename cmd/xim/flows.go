package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/control"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/fold"
	"github.com/xim-monitor/xim/cmd/xim/internal/graph"
	"github.com/xim-monitor/xim/cmd/xim/internal/output"
	"github.com/xim-monitor/xim/cmd/xim/internal/query"
	"github.com/xim-monitor/xim/cmd/xim/internal/store"
)

// flowsOptions are the flags that name a store and pick flows of it.
type flowsOptions struct {
	state  string
	since  string
	filter query.Filter
}

func (o *flowsOptions) register(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.state, "state", "", "the `FILE` that --state of \"xim run\" or \"xim watch\" keeps, also while it runs")
	f.StringVar(&o.since, "since", "", "only flows seen since `TIME`: 90m, 24h or 7d ago, 2024-01-30, 2024-01-30T14:48:10Z")
	f.StringVar(&o.filter.Granularity, "granularity", "", "only flows between these: process, container, pod or domain (where the alert did not say)")
	f.StringVar(&o.filter.Writer, "writer", "", "only writers that match `GLOB` (* is any text, / included; ? is one byte)")
	f.StringVar(&o.filter.Reader, "reader", "", "only readers that match `GLOB`")
	f.StringVar(&o.filter.Path, "path", "", "only paths that match `GLOB`")
	f.StringVar(&o.filter.Host, "host", "", "only hosts that match `GLOB`")
}

func (o *flowsOptions) parse() (err error) {
	if o.state == "" {
		return usage("--state FILE is missing: the file that \"xim run --state FILE\" or \"xim watch --state FILE\" keeps")
	}
	switch o.filter.Granularity {
	case "", "process", "container", "pod", alert.Unknown:
	default:
		return usage("--granularity %q: it is process, container, pod or %s", o.filter.Granularity, alert.Unknown)
	}
	o.filter.Since, err = query.Since(o.since, time.Now().UTC())
	if err != nil {
		return usage("--since: %w", err)
	}
	return nil
}

func flowsCommand() *cobra.Command {
	var o flowsOptions
	var format string
	var folded bool
	var edges int
	cmd := &cobra.Command{
		Use:   "flows",
		Short: "Show the flows seen so far",
		Long: `flows shows what "xim run" or "xim watch" has seen with --state FILE, the latest
first. It may run while that does.

dot and mermaid draw domains as boxes and all flows between two as one arrow;
of many arrows those with the most flows, and the rest is counted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, ok := flowFormats[format]
			if !ok {
				return usage("unknown output %q: it is table, json, csv, dot or mermaid", format)
			}
			if edges < 1 {
				return usage("--edges is %d: it takes 1 or more", edges)
			}
			flows, err := o.list()
			if err != nil {
				return err
			}
			if folded {
				flows = fold.Flows(flows)
			}
			out := bufio.NewWriter(os.Stdout)
			if err = write(out, flows, edges); err == nil {
				err = out.Flush()
			}
			if err != nil {
				return exitError{exitFailed, fmt.Errorf("standard output: %w", err)}
			}
			return nil
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json (one object a line), csv, dot (Graphviz) or mermaid")
	cmd.Flags().BoolVar(&folded, "fold", false, "show paths that differ in a number or a made-up name (/tmp/ccXXXXXX.s, /run/user/1000) as one")
	cmd.Flags().IntVar(&edges, "edges", 40, "draw at most `N` arrows")
	complete(cmd, "output", "table", "json", "csv", "dot", "mermaid")
	complete(cmd, "granularity", "process", "container", "pod", alert.Unknown)
	cmd.AddCommand(forgetCommand())
	return cmd
}

// list returns the flows that match, that seen last first.
func (o *flowsOptions) list() ([]dedup.Record, error) {
	if err := o.parse(); err != nil {
		return nil, err
	}
	if c, err := control.Dial(o.state); err == nil {
		defer c.Close()
		flows, err := c.List(o.filter)
		if err != nil {
			return nil, exitError{exitFailed, fmt.Errorf("ask the xim that runs: %w", err)}
		}
		return flows, nil
	}
	st, err := openForQuery(o.state, true)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	var flows []dedup.Record
	for _, r := range slices.Backward(st.Flows) {
		if o.filter.Match(r) {
			flows = append(flows, *r)
		}
	}
	return flows, nil
}

func openForQuery(path string, readOnly bool) (*store.Store, error) {
	st, err := store.OpenExisting(path, readOnly)
	if errors.Is(err, store.ErrInUse) {
		err = fmt.Errorf("%w, which does not answer at %s.sock", err, path)
	}
	if err != nil {
		return nil, cannotStart(err)
	}
	return st, nil
}

// flowFormats are the forms flows are written in.
var flowFormats = map[string]func(w io.Writer, flows []dedup.Record, edges int) error{
	"table": writeTable,
	"json": func(w io.Writer, flows []dedup.Record, _ int) error {
		for i := range flows {
			if _, err := w.Write(append(output.AppendJSON(nil, &flows[i]), '\n')); err != nil {
				return err
			}
		}
		return nil
	},
	"csv": writeCSV,
	"dot": func(w io.Writer, flows []dedup.Record, edges int) error {
		_, err := io.WriteString(w, graph.New(flows, edges).DOT())
		return err
	},
	"mermaid": func(w io.Writer, flows []dedup.Record, edges int) error {
		_, err := io.WriteString(w, graph.New(flows, edges).Mermaid())
		return err
	},
}

func writeTable(w io.Writer, flows []dedup.Record, _ int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "LAST SEEN\tCOUNT\tHOST\tBORDER\tWRITER\tPATH\tREADER\tOP")
	for _, r := range flows {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Last.Format("2006-01-02 15:04:05"), r.Count, orDash(r.Host),
			output.Name(r.Granularity), output.Name(r.Writer), output.Name(r.Path), output.Name(r.Reader), orDash(r.Op))
	}
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return output.Name(s)
}

func writeCSV(w io.Writer, flows []dedup.Record, _ int) error {
	c := csv.NewWriter(w)
	c.Write([]string{"host", "granularity", "writer", "path", "reader", "op", "rule", "priority", "first_seen", "last_seen", "age_ns", "count"})
	for _, r := range flows {
		age := ""
		if r.HasAge {
			age = strconv.FormatInt(int64(r.Age), 10)
		}
		c.Write([]string{
			cell(r.Host), cell(r.Granularity), cell(r.Writer), cell(r.Path), cell(r.Reader), cell(r.Op), cell(r.Rule), cell(r.Priority),
			r.First.Format(time.RFC3339Nano), r.Last.Format(time.RFC3339Nano), age, strconv.FormatUint(r.Count, 10),
		})
	}
	c.Flush()
	return c.Error()
}

// cell makes a name fit for a table that a spreadsheet opens: a name that begins
// like a formula gets a quote before it.
func cell(s string) string {
	s = output.Name(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
