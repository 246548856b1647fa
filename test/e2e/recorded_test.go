package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scenarioPath tells the paths that the recorded scenarios are about: no flow
// over these is left out of the truth.
func scenarioPath(path string) bool {
	for _, dir := range []string{"/mnt/a/", "/srv/b/", "/data/", "/w/", "/r/"} {
		if strings.HasPrefix(path, dir) {
			return true
		}
	}
	return path == "/tmp/state" || path == "/etc/app.conf"
}

func TestRecordedPods(t *testing.T) {
	for _, granularity := range []string{"pod", "container"} {
		t.Run(granularity, func(t *testing.T) {
			var want []string
			for _, line := range lines(t, capture(t, "pods.truth.tsv"))[1:] {
				if c := strings.Split(line, "\t"); c[0] == granularity {
					want = append(want, strings.Join(c[1:4], " -> "))
				}
			}
			slices.Sort(want)
			config := fmt.Sprintf(`{"granularity":%q}`, granularity)
			var got, others []string
			for _, f := range flowSet(play(t, capture(t, "pods.scap"), config, "%xim.flows", "xim.new=true")) {
				if scenarioPath(strings.Split(f, " -> ")[1]) {
					got = append(got, f)
				} else {
					others = append(others, f)
				}
			}
			equal(t, got, want)
			found := 0
			for _, f := range got {
				if slices.Contains(want, f) {
					found++
				}
			}
			t.Logf("recall %d/%d, precision %d/%d; %d flows elsewhere (the runtimes' own)",
				found, len(want), found, len(got), len(others))
		})
	}
}

func TestRecordedHostCompat(t *testing.T) {
	got := flowSet(play(t, capture(t, "host.scap"), `{"compat":true}`, "%xim.flows", "xim.new=true"))
	want := lines(t, capture(t, "host.xim-process.txt"))
	slices.Sort(want)
	equal(t, got, want)
}

// Every field under the configured granularity's prefix says what the short one
// says, on every event of both captures.
func TestShortAndPrefixedFieldsAgree(t *testing.T) {
	names := []string{"crossflow", "new", "writer", "writers", "reader", "flow", "flows", "path",
		"writer_path", "writer_process", "writer_container", "writer_pod", "op", "age"}
	var short, prefixed []string
	for _, file := range []string{"pods.scap", "host.scap"} {
		for _, granularity := range []string{"process", "container", "pod"} {
			short, prefixed = short[:0], prefixed[:0]
			for _, n := range names {
				short = append(short, "%xim."+n)
				prefixed = append(prefixed, "%xim."+granularity+"."+n)
			}
			format := strings.Join(short, " ") + "\t" + strings.Join(prefixed, " ")
			config := fmt.Sprintf(`{"granularity":%q}`, granularity)
			seen := 0
			for _, line := range play(t, capture(t, file), config, format, "") {
				a, b, _ := strings.Cut(line, "\t")
				if a != b {
					t.Fatalf("%s, %s: short fields %q, prefixed %q", file, granularity, a, b)
				}
				if strings.HasPrefix(a, "true") {
					seen++
				}
			}
			if seen == 0 && (file != "host.scap" || granularity == "process") { // it has no containers
				t.Errorf("%s, %s: no event had a verdict", file, granularity)
			}
		}
	}
}

// The cache skips what changes nothing, and so changes no verdict.
func TestCacheChangesNoVerdict(t *testing.T) {
	const format = "%evt.num %xim.process.writers %xim.container.writers %xim.pod.writers " +
		"%xim.reader %xim.path %xim.op %xim.process.new %xim.container.new %xim.pod.new"
	const filter = "xim.process.crossflow=true or xim.container.crossflow=true or xim.pod.crossflow=true"
	for _, file := range []string{"pods.scap", "host.scap"} {
		on := play(t, capture(t, file), `{}`, format, filter)
		off := play(t, capture(t, file), `{"cache":false}`, format, filter)
		if len(on) == 0 {
			t.Errorf("%s: no event had a verdict", file)
		}
		sortWriters(on)
		sortWriters(off)
		equal(t, on, off)
	}
}

// sortWriters puts the writers of each line in order: theirs may differ by the
// second for which a repeated write may be skipped.
func sortWriters(list []string) {
	for i, line := range list {
		words := strings.Split(line, " ")
		for j, w := range words[:min(4, len(words))] {
			if strings.HasPrefix(w, "(") {
				sorted := items(w)
				slices.Sort(sorted)
				words[j] = strings.Join(sorted, ",")
			}
		}
		list[i] = strings.Join(words, " ")
	}
}

// A capture that breaks off reports the flows up to there.
func TestTruncatedCapture(t *testing.T) {
	whole, err := os.ReadFile(capture(t, "pods.scap"))
	if err != nil {
		t.Fatal(err)
	}
	all := flowSet(play(t, capture(t, "pods.scap"), `{"granularity":"pod"}`, "%xim.flows", "xim.new=true"))
	last := 0
	for _, percent := range []int{30, 60, 90} {
		file := filepath.Join(t.TempDir(), "cut.scap")
		if err := os.WriteFile(file, whole[:len(whole)*percent/100+3], 0o600); err != nil {
			t.Fatal(err)
		}
		got := flowSet(playCut(t, file))
		for _, f := range got {
			if !slices.Contains(all, f) {
				t.Errorf("at %d%%: %s is not in the whole capture", percent, f)
			}
		}
		if len(got) <= last || len(got) > len(all) {
			t.Errorf("at %d%%: %d flows, after %d before", percent, len(got), last)
		}
		last = len(got)
	}
}
