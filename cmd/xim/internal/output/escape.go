// Package output writes flows for people and for programs.
//
// Rules of what reaches a terminal:
//   - A name or a path is written by whoever made the file. Nothing in it may
//     act: control characters (C0 and C1), escapes, bidi marks, characters
//     without a shape and bytes that are not UTF-8 are shown as \x1b, \u202e, \xff.
//   - Nothing in it may pass for xIM's own text: a backslash is doubled and
//     "->" becomes "\->", as in the plugin's own xim.flow.
//   - One flow is one line, its time is the alert's, in UTC.
//   - Colour is added after escaping, and only to a terminal.
package output

import (
	"unicode/utf8"

	"github.com/xim-monitor/xim/cmd/xim/internal/jsontext"
	"github.com/xim-monitor/xim/plugin/flow"
)

// Name makes a name or a path fit to be shown within a flow.
func Name(s string) string { return Text(flow.EscapeText(s)) }

// Text makes any foreign text fit to be shown on one line.
func Text(s string) string {
	if shows(s) {
		return s
	}
	return string(appendText(nil, s))
}

func shows(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

const hex = "0123456789abcdef"

func appendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\n' && r != '\t' && r != '\r', r == 0x7f:
			dst = append(dst, '\\', 'x', hex[s[i]>>4], hex[s[i]&15])
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case jsontext.Shows(r):
			dst = append(dst, s[i:i+n]...)
		case r > 0xffff:
			dst = append(dst, `\U00`...)
			for shift := 20; shift >= 0; shift -= 4 {
				dst = append(dst, hex[r>>shift&15])
			}
		default:
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += n
	}
	return dst
}
