package alert

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const podAlert = `{"hostname":"node1","output":"14:48:10.5: \"x\"","priority":"Warning","rule":"Pod","source":"syscall","tags":["xim"],` +
	`"time":"2024-01-30T14:48:10.500000000Z","output_fields":{"evt.time":18446744073709551615,"xim.path":"/srv/b/key","xim.op":"read",` +
	`"xim.age":1200000000,"xim.pod.writers":["oran/ran-ctl","a\\,b"],"xim.pod.reader":"oran/xapp-1"}}`

func TestDecode(t *testing.T) {
	var d Decoder
	var a Alert
	rest, err := d.Decode([]byte(" "+podAlert+"\n{"), &a)
	if err != nil || string(rest) != "{" {
		t.Fatalf("rest %q, err %v", rest, err)
	}
	want := Alert{
		Time: time.Date(2024, 1, 30, 14, 48, 10, 5e8, time.UTC), Rule: "Pod", Priority: "Warning", Source: "syscall",
		Hostname: "node1", Raw: []byte(podAlert), Output: []byte(`"14:48:10.5: \"x\""`), Tags: []byte(`["xim"]`),
		Fields: []byte(podAlert[strings.Index(podAlert, `{"evt`) : len(podAlert)-1]),
		XIM:    true, Op: "read", Age: 1200 * time.Millisecond, HasAge: true,
		Flows: []Flow{
			{"node1", "pod", "oran/ran-ctl", "/srv/b/key", "oran/xapp-1"},
			{"node1", "pod", "a,b", "/srv/b/key", "oran/xapp-1"},
		},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if got := a.Text(); got != `14:48:10.5: "x"` {
		t.Errorf("Text() = %q", got)
	}
}

func TestFlows(t *testing.T) {
	for name, c := range map[string]struct {
		fields string
		want   string // one flow a line
		cut    int
		err    string
	}{
		"short names":    {`"xim.writers":["w"],"xim.reader":"r","xim.path":"/p","xim.granularity":"pod"`, "pod w /p r", 0, ""},
		"no granularity": {`"xim.writers":["w"],"xim.reader":"r","xim.path":"/p"`, "domain w /p r", 0, ""},
		"one writer":     {`"xim.writer":"w\\,","xim.reader":"r","xim.path":"/p","xim.granularity":"pod"`, `pod w\, /p r`, 0, ""},
		"list wins over the one": {`"xim.process.writers":["b","a"],"xim.process.writer":"c","xim.process.reader":"r","xim.path":"/p"`,
			"process b /p r|process a /p r", 0, ""},
		"list as text":               {`"xim.pod.writers":"(n/a,n/b\\,c)","xim.pod.reader":"r","xim.path":"/p"`, "pod n/a /p r|pod n/b,c /p r", 0, ""},
		"cut list":                   {`"xim.pod.writers":"(n/a,n/b","xim.pod.reader":"r","xim.path":"/p"`, "pod n/a /p r", 1, ""},
		"list cut in its first item": {`"xim.pod.writers":"(n/a","xim.pod.writer":"n/abc","xim.pod.reader":"r","xim.path":"/p"`, "pod n/abc /p r", 1, ""},
		"two granularities": {`"xim.pod.writers":["a"],"xim.pod.reader":"b","xim.process.writers":["c"],"xim.process.reader":"d","xim.path":"/p"`,
			"process c /p d|pod a /p b", 0, ""},
		"both names of one flow": {`"xim.writers":["a"],"xim.reader":"b","xim.granularity":"pod","xim.pod.writers":["a"],"xim.pod.reader":"b","xim.path":"/p"`,
			"pod a /p b", 0, ""},
		"text only":                {`"xim.flow":"a -> /x \\-> y -> b","xim.granularity":"process"`, "process a /x -> y b", 0, ""},
		"texts only":               {`"xim.pod.flows":["a -> /p -> b","c -> /p -> b"]`, "pod a /p b|pod c /p b", 0, ""},
		"names that look escaped":  {`"xim.process.writers":["a\\\\b"],"xim.process.reader":"r\\\\","xim.path":"/p\\"`, `process a\b /p\ r\\`, 0, ""},
		"escaped field name":       {`"xim.\u0070ath":"/p","xim.pod.writers":["a"],"xim.pod.reader":"b"`, "pod a /p b", 0, ""},
		"null is nothing":          {`"xim.pod.writers":null,"xim.pod.writer":"w","xim.pod.reader":"b","xim.path":"/p"`, "pod w /p b", 0, ""},
		"last of two counts":       {`"xim.path":"/no","xim.path":"/p","xim.pod.writers":["a"],"xim.pod.reader":"b"`, "pod a /p b", 0, ""},
		"no path":                  {`"xim.pod.writers":["a"],"xim.pod.reader":"b"`, "", 0, "without a whole flow"},
		"no list":                  {`"xim.pod.writers":7,"xim.pod.reader":"b","xim.path":"/p"`, "", 0, "a list is wanted, not 7"},
		"number in list":           {`"xim.pod.writers":[7],"xim.pod.reader":"b","xim.path":"/p"`, "", 0, "a name is wanted in a list, not 7"},
		"flow of two parts":        {`"xim.flow":"a -> b"`, "", 0, "writer -> path -> reader"},
		"name longer than any":     {`"xim.writer":"` + strings.Repeat("w", MaxFlow) + `","xim.reader":"b","xim.path":"/p"`, "", 0, "more than 32000 bytes"},
		"too much for one alert":   {`"xim.writers":["a"` + strings.Repeat(`,"b","c"`, 300) + `],"xim.reader":"b","xim.path":"` + strings.Repeat("p", 31000) + `"`, "", 0, "flows of more than 16777216 bytes"},
		"text that is long":        {`"xim.flow":"` + strings.Repeat("a", 1000) + `"`, "", 0, `reader: "` + strings.Repeat("a", 80) + `"`},
		"field of the plugin only": {`"xim.crossflow":true`, "", 0, "without a whole flow"},
		"none of xIM's":            {`"proc.name":"x"`, "", 0, ""},
	} {
		var d Decoder
		var a Alert
		_, err := d.Decode([]byte(`{"output_fields":{`+c.fields+`}}`), &a)
		var got []string
		for _, f := range a.Flows {
			got = append(got, strings.Join([]string{f.Granularity, f.Writer, f.Path, f.Reader}, " "))
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
		if err == nil && (strings.Join(got, "|") != c.want || a.Cut != c.cut) {
			t.Errorf("%s: got %q and %d cut, want %q and %d", name, got, a.Cut, c.want, c.cut)
		}
	}
}

// The shipped rules name the granularity in most fields.
func TestFieldsOfTheShippedRules(t *testing.T) {
	var d Decoder
	var a Alert
	_, err := d.Decode([]byte(`{"output_fields":{"xim.container.reader":"0123456789ab","xim.op":"exec","xim.path":"/p","xim.pod.age":5,`+
		`"xim.pod.reader":"b","xim.pod.writer_path":"/q","xim.pod.writer_process":"sh","xim.pod.writers":["a"]}}`), &a)
	if err != nil || !reflect.DeepEqual(a.Flows, []Flow{{"", "pod", "a", "/p", "b"}}) || a.Op != "exec" || a.Age != 5 || !a.HasAge {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestBadText(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1`:                          "the text ends in the middle",
		`{"a":"x`:                         "the text ends in the middle",
		`[]`:                              "byte 1: an object is wanted, not '['",
		"\ufeff{}":                        `byte 1: an object is wanted, not '\ufeff'`,
		`{"a":01}`:                        "byte 7: a comma or the object's end is wanted, not '1'",
		`{"a":-}`:                         "byte 7: a digit is wanted, not '}'",
		`{"a":"\x"}`:                      `byte 8: an escape is wanted, not 'x'`,
		"{\"a\":\"\n\"}":                  `byte 7: a control character is not allowed in a string, not '\n'`,
		strings.Repeat(`{"a":`, 70):       "nested too deep",
		`{"time":"yesterday"}`:            `a time is wanted, not "yesterday"`,
		`{"time":7}`:                      "a time is wanted, not 7",
		`{"time":"1969-12-31T00:00:00Z"}`: "the time 1969-12-31T00:00:00Z is out of range",
	} {
		var d Decoder
		var a Alert
		if _, err := d.Decode([]byte(in), &a); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

func TestZones(t *testing.T) {
	want := time.Date(2024, 1, 30, 14, 48, 10, 0, time.UTC)
	for _, s := range []string{"2024-01-30T14:48:10Z", "2024-01-30T15:48:10+01:00", "2024-01-30T15:48:10.000+0100"} {
		var d Decoder
		var a Alert
		if _, err := d.Decode([]byte(`{"time":"`+s+`"}`), &a); err != nil || a.Time != want {
			t.Errorf("%s: %v, %v", s, a.Time, err)
		}
	}
}

func TestKey(t *testing.T) {
	a := Flow{"h", "pod", "a/b", "/p", "c"}
	if got, ok := ParseKey(a.AppendKey(nil)); !ok || got != a {
		t.Errorf("got %v, %v", got, ok)
	}
	b := Flow{"h", "pod", "a", "/b/p", "c"}
	if string(a.AppendKey(nil)) == string(b.AppendKey(nil)) {
		t.Error("two flows have one key")
	}
	if _, ok := ParseKey([]byte{200}); ok {
		t.Error("rubbish is a key")
	}
}

func TestRepeatedAlertAllocatesLittle(t *testing.T) {
	var d Decoder
	var a Alert
	text := []byte(podAlert)
	d.Decode(text, &a)
	if n := testing.AllocsPerRun(100, func() { d.Decode(text, &a) }); n > 4 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	var d Decoder
	var a Alert
	text := []byte(podAlert)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(text, &a); err != nil {
			b.Fatal(err)
		}
	}
}

// An alert of many writers has each once, and costs no square of them: that would
// be ten billion comparisons here.
func TestManyWriters(t *testing.T) {
	const writers = 100_000
	var text strings.Builder
	text.WriteString(`{"output_fields":{"xim.pod.reader":"r","xim.path":"/p","xim.pod.writers":["0"`)
	for n := range 2 * writers {
		fmt.Fprintf(&text, `,"%x"`, n%writers)
	}
	text.WriteString(`]}}`)
	var d Decoder
	var a Alert
	if _, err := d.Decode([]byte(text.String()), &a); err != nil || len(a.Flows) != writers {
		t.Errorf("%d flows, %v; want %d", len(a.Flows), err, writers)
	}
	if _, err := d.Decode([]byte(podAlert), &a); err != nil || len(a.Flows) != 2 {
		t.Errorf("then %d flows, %v; want two", len(a.Flows), err)
	}
}
