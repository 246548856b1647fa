// Command replay measures what the plugin costs a host: the CPU time, user and
// system, of whole sysdig processes that replay one capture and print nothing.
//
// Each round runs the host alone, with the plugin loaded, and with a rule's
// condition asked of every event, one after the other, so that a machine that
// slows down slows all three. The filter is a display filter (-d), so that the host's
// own state is kept on every event, as in Falco, which judges rules last. The ratio of a round is to its own run of the host
// alone; the median over the rounds is what to quote. Absolute times and runs on a
// busy machine say little.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// nothing lets no event through and costs next to nothing to evaluate.
const nothing = "evt.num=0"

func main() {
	var (
		host    = flag.String("host", "build/host/sysdig", "the `program` that replays")
		plugin  = flag.String("plugin", "build/libxim.so", "the plugin's `file`")
		config  = flag.String("config", "{}", "the plugin's configuration, `JSON`")
		capture = flag.String("capture", "test/testdata/host.scap", "the recording to replay, a `file`")
		rule    = flag.String("rule", "xim.new=true", "the `condition` asked of every event in the third run")
		pairs   = flag.Int("pairs", 5, "how many `rounds`")
	)
	flag.Parse()
	if err := run(*host, *plugin, *config, *capture, *rule, *pairs); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(host, plugin, config, capture, rule string, pairs int) error {
	if pairs < 1 {
		return errors.New("at least one pair is needed")
	}
	alone := []string{"-d", "-r", capture}
	loaded := append(slices.Clone(alone), "-H", plugin+":"+config)

	// One round that is not counted fills the page cache.
	for _, args := range [][]string{append(slices.Clone(alone), nothing), append(slices.Clone(loaded), rule)} {
		if _, err := cpu(host, args); err != nil {
			return err
		}
	}
	fmt.Printf("CPU time of replaying %s\n", capture)
	fmt.Printf("%-5s %10s %12s %6s %12s %6s\n", "pair", "host", "with plugin", "ratio", "with rule", "ratio")
	var parse, asked []float64
	for i := range pairs {
		base, err := cpu(host, append(slices.Clone(alone), nothing))
		if err != nil {
			return err
		}
		parsed, err := cpu(host, append(slices.Clone(loaded), nothing))
		if err != nil {
			return err
		}
		ruled, err := cpu(host, append(slices.Clone(loaded), rule))
		if err != nil {
			return err
		}
		parse = append(parse, float64(parsed)/float64(base))
		asked = append(asked, float64(ruled)/float64(base))
		fmt.Printf("%-5d %10s %12s %6.2f %12s %6.2f\n", i+1,
			seconds(base), seconds(parsed), parse[i], seconds(ruled), asked[i])
	}
	fmt.Printf("median ratio over %d pairs: %.2f with the plugin, %.2f with %q asked of every event\n",
		pairs, median(parse), median(asked), rule)
	return nil
}

// cpu returns the user and system time of one run of the program, from getrusage.
func cpu(program string, args []string) (time.Duration, error) {
	cmd := exec.Command(program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd, err, strings.TrimSpace(stderr.String()))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
