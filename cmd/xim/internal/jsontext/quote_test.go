package jsontext

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"plain":          `"plain"`,
		"q\"b\\":         `"q\"b\\"`,
		"\x1b[31m\x00\n": `"\u001b[31m\u0000\n"`,
		"\u009b\u202e":   `"\u009b\u202e"`,
		"é漢\U0001f600":   "\"é漢\U0001f600\"",
		"\U000e0041":     `"\udb40\udc41"`,
		"a\xffb":         `"a\ufffdb"`,
		"\u3164\ufe0f":   `"\u3164\ufe0f"`,
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestAppendLineKeepsTheValue(t *testing.T) {
	in := "{\"a\":\n\t18446744073709551615,\"b\":\"x\u202ey\u009b\x7f\"}"
	want := `{"a":  18446744073709551615,"b":"x\u202ey\u009b\u007f"}`
	if got := string(AppendLine(nil, []byte(in))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\x1b\u009b\u202e\xff\U000e0041")
	f.Fuzz(func(t *testing.T, s string) {
		out := AppendString(nil, s)
		for _, r := range string(out) {
			if !Shows(r) {
				t.Fatalf("%q holds %U", out, r)
			}
		}
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}
