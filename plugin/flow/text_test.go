package flow

import (
	"slices"
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, text, item string }{
		{"", "", ""},
		{"kubelet", "kubelet", "kubelet"},
		{"a -> b", `a \-> b`, `a \-> b`},
		{"a->b", `a\->b`, `a\->b`},
		{"-->>", `-\->>`, `-\->>`},
		{`a\b`, `a\\b`, `a\\b`},
		{`\->`, `\\\->`, `\\\->`},
		{"a,b", "a,b", `a\,b`},
		{"(sd-pam)", "(sd-pam)", `\(sd-pam\)`},
		{`ends with \`, `ends with \\`, `ends with \\`},
		{"\x1b\n\xff", "\x1b\n\xff", "\x1b\n\xff"},
	} {
		if got := EscapeText(tt.name); got != tt.text {
			t.Errorf("EscapeText(%q) = %q, want %q", tt.name, got, tt.text)
		}
		if got := EscapeItem(tt.name); got != tt.item {
			t.Errorf("EscapeItem(%q) = %q, want %q", tt.name, got, tt.item)
		}
		if got := Unescape(tt.text) + " " + Unescape(tt.item); got != tt.name+" "+tt.name {
			t.Errorf("Unescape gave %q for %q", got, tt.name)
		}
	}
}

func TestUnescapeKeepsALoneBackslash(t *testing.T) {
	if got := Unescape(`a\\b\`); got != `a\b\` {
		t.Errorf("got %q", got)
	}
}

func TestSplitFlow(t *testing.T) {
	for _, tt := range []struct {
		text  string
		parts string // with a bar between them; empty where it is no flow
	}{
		{"a -> /x -> b", "a|/x|b"},
		{`a\-> -> /x \-> y -> b`, "a->|/x -> y|b"},
		{" ->  -> ", "||"},
		{"a - -> > -> b", "a -|>|b"},
		{"a -> b", ""},
		{"a -> b -> c -> d", ""},
		{"", ""},
	} {
		w, p, r, ok := SplitFlow(tt.text)
		got := ""
		if ok {
			got = w + "|" + p + "|" + r
		}
		if got != tt.parts {
			t.Errorf("SplitFlow(%q) = %q, want %q", tt.text, got, tt.parts)
		}
	}
}

func TestSplitList(t *testing.T) {
	for _, tt := range []struct {
		text  string
		items string // with a bar between them
		cut   bool
	}{
		{"(a)", "a", false},
		{"(a,b,c)", "a|b|c", false},
		{`(a\,b,\(c\))`, `a\,b|\(c\)`, false},
		{"not a list", "not a list", false},
		{"(a,b", "a", true},
		{"(a,", "a", true},
		{"(a", "", true},
		{"(", "", true},
		{`(a,b\)`, "a", true},
		{`(a,b\`, "a", true},
		{`(a,b\\)`, `a|b\\`, false},
		{"(a,)", "a|", false},
	} {
		items, cut := SplitList(tt.text)
		if got := strings.Join(items, "|"); got != tt.items || cut != tt.cut {
			t.Errorf("SplitList(%q) = %q, cut %v, want %q, %v", tt.text, got, cut, tt.items, tt.cut)
		}
	}
}

// FuzzText: names come back from every text they are put into, a list that is
// cut keeps only whole items, and no text makes a function fail.
func FuzzText(f *testing.F) {
	f.Add("a", "/x", "b", 3)
	f.Add(`\`, ` -> `, `,()\->`, 5)
	f.Add("->", "", "> ", 1)
	f.Add(" -", "->->", "- ", 9)
	f.Fuzz(func(t *testing.T, a, b, c string, at int) {
		for _, s := range []string{a, b, c} {
			if got := Unescape(EscapeText(s)); got != s {
				t.Errorf("text: %q came back as %q", s, got)
			}
			if got := Unescape(EscapeItem(s)); got != s {
				t.Errorf("item: %q came back as %q", s, got)
			}
			Unescape(s)
			SplitFlow(s)
			SplitList(s)
		}
		for _, escape := range []func(string) string{EscapeText, EscapeItem} {
			text := escape(a) + Arrow + escape(b) + Arrow + escape(c)
			if w, p, r, ok := SplitFlow(text); !ok || w != a || p != b || r != c {
				t.Errorf("%q, %q, %q came back as %q, %q, %q, %v", a, b, c, w, p, r, ok)
			}
		}
		want := []string{EscapeItem(a), EscapeItem(b), EscapeItem(c)}
		list := "(" + strings.Join(want, ",") + ")"
		if items, cut := SplitList(list); cut || !slices.Equal(items, want) {
			t.Errorf("%q came back as %q, cut %v", list, items, cut)
		}
		at = 1 + int(uint(at)%uint(len(list)-1))
		if items, cut := SplitList(list[:at]); !cut || len(items) > 2 || !slices.Equal(items, want[:len(items)]) {
			t.Errorf("%q came back as %q, cut %v", list[:at], items, cut)
		}
	})
}
