package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
	"github.com/xim-monitor/xim/cmd/xim/internal/output"
)

// journal notes what a pipeline does to its store and its output, in order.
type journal struct {
	steps []string
	fail  int // commits that will fail
	broke error
	out   bytes.Buffer
}

func (j *journal) Commit(b Batch) error {
	var put []string
	for _, r := range b.Put {
		put = append(put, fmt.Sprintf("%s*%d", r.Writer, r.Count))
	}
	j.steps = append(j.steps, fmt.Sprintf("commit %v, %d gone, %d to forward", put, len(b.Delete), len(b.Outbox)))
	if j.fail > 0 {
		j.fail--
		return errors.New("no space left")
	}
	return nil
}

func (j *journal) Mark(seq uint64) { j.steps = append(j.steps, fmt.Sprintf("mark %d", seq)) }

func (j *journal) Ready() error { return nil }

func (j *journal) Write(p []byte) (int, error) {
	j.steps = append(j.steps, fmt.Sprintf("write %d lines", bytes.Count(p, []byte("\n"))))
	if j.broke != nil {
		return 0, j.broke
	}
	return j.out.Write(p)
}

func (j *journal) options() Options {
	return Options{
		Out: j, Store: j, Printer: output.Printer{Format: output.Line}, Now: time.Now,
		Log: func(f string, a ...any) { j.steps = append(j.steps, "log "+fmt.Sprintf(f, a...)) },
	}
}

func fromWriter(w string) []byte {
	return fmt.Appendf(nil, `{"time":"2024-01-30T14:48:10Z","output_fields":{"xim.writer":%q,"xim.reader":"r","xim.path":"/p"}}`, w)
}

func run(t *testing.T, p *Pipeline, writers ...string) error {
	in := p.Intake(Stdin)
	for _, w := range writers {
		if err := in.Take(fromWriter(w)); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	return p.Run()
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestCommitThenMarkThenWrite(t *testing.T) {
	var j journal
	opts := j.options()
	opts.Forward = func(p []byte) { j.steps = append(j.steps, fmt.Sprintf("forward %q", p)) }
	if err := run(t, New(opts, nil, 0), "a", "b", "a"); err != nil {
		t.Fatal(err)
	}
	check(t, j.steps, "commit [a*2 b*1], 0 gone, 2 to forward", `forward ""`, "mark 2", "write 2 lines", "commit [a*2], 0 gone, 0 to forward")
}

// One write is never more than what a pipe takes at once, and each is marked.
func TestChunks(t *testing.T) {
	var j journal
	long := strings.Repeat("x", 1500)
	if err := run(t, New(j.options(), nil, 0), long+"1", long+"2", long+"3"); err != nil {
		t.Fatal(err)
	}
	check(t, j.steps[1:], "mark 2", "write 2 lines", "mark 3", "write 1 lines")
}

func TestWhatTheLastRunOwesIsPrintedFirst(t *testing.T) {
	var j journal
	known := func(w string, seq uint64) *dedup.Record {
		return &dedup.Record{Flow: alert.Flow{Granularity: "domain", Writer: w, Path: "/p", Reader: "r"}, Seq: seq, Count: 1}
	}
	p := New(j.options(), []*dedup.Record{known("c", 3), known("a", 1), known("b", 2)}, 1)
	if err := run(t, p, "a", "b", "c", "d"); err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(j.out.String()) {
		order = append(order, strings.Fields(line)[6])
	}
	check(t, order, "b", "c", "d")
	if p.Stats.Owed.Load() != 2 || p.Stats.New.Load() != 1 {
		t.Errorf("%s", p.Counts())
	}
}

// A store that takes nothing stops nothing, and gets it all with the next commit.
func TestStoreFails(t *testing.T) {
	j := journal{fail: 1}
	p := New(j.options(), nil, 0)
	if err := run(t, p, "a"); err != nil {
		t.Fatal(err)
	}
	check(t, j.steps, "commit [a*1], 0 gone, 0 to forward",
		"log the store cannot be written, flows are printed all the same and may be printed again by the next run: no space left",
		"mark 1", "write 1 lines", "commit [a*1], 0 gone, 0 to forward", "log the store is written again")
	if n := p.Unstored(); n != 0 {
		t.Errorf("%d not stored", n)
	}
	p = New((&journal{fail: 9}).options(), nil, 0)
	run(t, p, "a")
	if n := p.Unstored(); n != 1 {
		t.Errorf("%d not stored by a store that is gone", n)
	}
}

func TestOutputFails(t *testing.T) {
	j := journal{broke: errors.New("broken pipe")}
	p := New(j.options(), nil, 0)
	if err := run(t, p, "a"); err == nil || err.Error() != "standard output: broken pipe" {
		t.Errorf("%v", err)
	}
	// What was not printed is left to the next run.
	check(t, j.steps, "commit [a*1], 0 gone, 0 to forward", "mark 1", "write 1 lines", "mark 0")
	if err := p.Intake(Stdin).Take(fromWriter("b")); !Ended(err) {
		t.Errorf("still takes alerts: %v", err)
	}
}

func TestSummaryNamesTheMostRepeated(t *testing.T) {
	var j journal
	p := New(j.options(), nil, 0)
	in := p.Intake(HTTP)
	for _, w := range []string{"a", "b", "b", "b", "a"} {
		in.Take(fromWriter(w))
	}
	in.Bad("place", errors.New("bad"))
	if got, want := p.Summary(), "2 flows, 3 repeats, 5 alerts, 1 bad line; most repeated: b -> /p -> r, 2 times"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := p.Summary(), "2 flows, 3 repeats, 5 alerts, 1 bad line"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is good in a text is taken, what is bad is one short error.
func TestManyBadAlertsInOneText(t *testing.T) {
	var j journal
	p := New(j.options(), nil, 0)
	text := slices.Concat([]byte(strings.Repeat(`{"time":1}`, 90_000)), fromWriter("a"))
	err := p.Intake(HTTP).Take(text)
	if want := "a time is wanted, not 1; 89999 more in it are bad"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if n := p.Stats.New.Load(); n != 1 {
		t.Errorf("%d flows, want one", n)
	}
}

func TestBadInputIsShownOnlySoOften(t *testing.T) {
	var j journal
	p := New(j.options(), nil, 0)
	in := p.Intake(HTTP)
	for range 100 {
		in.Bad("place", errors.New("bad"))
	}
	if len(j.steps) != maxShown+1 || p.Stats.Bad[HTTP].Load() != 100 {
		t.Errorf("%d messages, %d counted", len(j.steps), p.Stats.Bad[HTTP].Load())
	}
}
