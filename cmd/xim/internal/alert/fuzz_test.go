package alert

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzDecode holds the scanner to encoding/json: the same texts are accepted,
// and the same values read.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		podAlert, `{}`, ` {"a":[1,-0.5e+7,true,null,{"b":"\u00e9\ud83d\ude00\ud800"}]} `, `{"rule":"\n\"","rule":7}`,
		`{"output_fields":{"xim.flow":"a -> b -> c"}}`, "{\"rule\":\"\xff\"}", `{"output_fields":{"xim.writers":"(a,b","xim.reader":"r","xim.path":"p"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Decoder
		var a Alert
		s := scanner{text: text}
		_, scanErr := s.value(0)
		if scanErr == errDepth {
			return
		}
		s.space()
		accepted := scanErr == nil && s.at == len(text)
		if accepted != json.Valid(text) {
			t.Fatalf("%q: scanner says %v (%v), encoding/json says %v", text, accepted, scanErr, !accepted)
		}
		rest, err := d.Decode(text, &a)
		if err != nil || a.Raw == nil {
			return
		}
		if len(rest) > 0 && !bytes.HasSuffix(text, rest) {
			t.Fatalf("the rest %q is not the end of %q", rest, text)
		}
		for _, fl := range a.Flows {
			if fl.Writer == "" || fl.Path == "" || fl.Reader == "" {
				t.Fatalf("%q: half a flow: %+v", text, fl)
			}
			if back, ok := ParseKey(fl.AppendKey(nil)); !ok || back != fl {
				t.Fatalf("%+v came back as %+v", fl, back)
			}
		}
		var want map[string]any
		whole := json.NewDecoder(bytes.NewReader(a.Raw))
		whole.UseNumber() // there are numbers that no float64 holds
		if err := whole.Decode(&want); err != nil {
			t.Fatalf("%q: %v", a.Raw, err)
		}
		if rule, _ := want["rule"].(string); utf8.Valid(text) && rule != a.Rule {
			t.Fatalf("%q: rule %q, want %q", text, a.Rule, rule)
		}
	})
}

// FuzzFromFrame: whatever a frame holds becomes JSON, or an error.
func FuzzFromFrame(f *testing.F) {
	f.Add([]byte("\x0a\x04\x08\x01\x10\x02\x10\x04\x22\x01r\x32\x0a\x0a\x03k\"\xff\x12\x03<NA>\x42\x01t"))
	f.Add([]byte("\x32\x11\x0a\x09xim.flow\x12\x04(a,b"))
	f.Add([]byte("\x0a\xff"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		text, err := FromFrame(nil, frame)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q became %q", frame, text)
		}
		var d Decoder
		var a Alert
		if _, err := d.Decode(text, &a); err != nil && !a.XIM {
			t.Fatalf("%q became %q: %v", frame, text, err)
		}
	})
}
