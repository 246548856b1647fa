// Command replay measures what the plugin costs a host: the CPU time, user and
// system, of whole sysdig processes that replay one capture and print nothing.
//
// Each round runs every variant once, one after the other, so that a machine that
// slows down slows all of them; a ratio is between two runs of one round, and the
// median over the rounds is what to quote. Filters are display filters (-d), so
// that the host's own state is kept on every event and the plugin has parsed it
// before, as in Falco, which judges rules last. Absolute times, and runs on a busy
// machine, say little.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	var b bench
	flag.StringVar(&b.host, "host", "build/host/sysdig", "the `program` that replays")
	flag.StringVar(&b.plugin, "plugin", "build/libxim.so", "the plugin's `file`")
	flag.StringVar(&b.config, "config", "{}", "the plugin's configuration, `JSON`")
	flag.StringVar(&b.capture, "capture", "test/testdata/host.scap", "the recording to replay, a `file`")
	flag.IntVar(&b.rounds, "pairs", 5, "how many `rounds`")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

type bench struct {
	host, plugin, config, capture string
	rounds                        int
}

// A variant is one way to replay.
type variant struct {
	name string
	args []string
}

// The filters let no event through; the first costs next to nothing.
const (
	none    = "evt.num=0"
	reads   = "evt.is_io_read=true and evt.num=0"
	crosses = "evt.is_io_read=true and xim.crossflow=true and evt.num=0"
)

func (b *bench) run() error {
	if b.rounds < 1 {
		return errors.New("at least one pair is needed")
	}
	dir, err := os.MkdirTemp("", "replay")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	nothing, err := buildNothing(dir)
	if err != nil {
		return err
	}
	xim := b.plugin + ":" + b.config
	variants := []variant{
		{"host alone", []string{none}},
		{"idle plugin", []string{"-H", nothing, none}},
		{"xim", []string{"-H", xim, none}},
		{"reads asked", []string{"-H", xim, reads}},
		{"crossflow asked", []string{"-H", xim, crosses}},
	}
	transfers, err := b.transfers()
	if err != nil {
		return err
	}
	fmt.Printf("CPU time of replaying %s, in ms (%d reads and writes)\n%-6s", b.capture, transfers, "round")
	for _, v := range variants {
		fmt.Printf(" %16s", v.name)
	}
	fmt.Println()
	times := make([][]float64, len(variants))
	for round := -1; round < b.rounds; round++ { // the first fills the page cache
		line := fmt.Sprintf("%-6d", round+1)
		for i, v := range variants {
			ms, err := cpu(b.host, append([]string{"-d", "-r", b.capture}, v.args...))
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %16.1f", ms)
			if round >= 0 {
				times[i] = append(times[i], ms)
			}
		}
		if round >= 0 {
			fmt.Println(line)
		}
	}
	alone, idle, loaded, asked, crossflow := times[0], times[1], times[2], times[3], times[4]
	fmt.Printf("median ratio over %d pairs, to the host alone: %.2f with the idle plugin, %.2f with xim\n",
		b.rounds, median(ratios(idle, alone)), median(ratios(loaded, alone)))
	fmt.Printf("above the idle plugin: %.0f ns for each read and write\n",
		median(differences(loaded, idle))*1e6/float64(transfers))
	fmt.Printf("xim.crossflow asked on every read, to the same filter without: %.2f\n",
		median(ratios(crossflow, asked)))
	return nil
}

// transfers counts the capture's reads and writes.
func (b *bench) transfers() (int, error) {
	out, err := output(b.host, "-r", b.capture, "-p", "x", "evt.is_io_read=true or evt.is_io_write=true")
	return strings.Count(out, "\n"), err
}

func ratios(a, to []float64) []float64 {
	return zip(a, to, func(x, y float64) float64 { return x / y })
}

func differences(a, to []float64) []float64 {
	return zip(a, to, func(x, y float64) float64 { return x - y })
}

func zip(a, b []float64, f func(x, y float64) float64) []float64 {
	list := make([]float64, len(a))
	for i := range a {
		list[i] = f(a[i], b[i])
	}
	return list
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
