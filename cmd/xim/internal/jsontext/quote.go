// Package jsontext writes JSON that is safe to show.
//
// encoding/json escapes C0 control characters but lets C1 controls, bidi marks
// and other invisible characters through, which a terminal may obey. Here every
// character that does not print is written as \uXXXX: the value stays the same,
// the text stays harmless. Bytes that are not UTF-8 have no place in JSON and
// become U+FFFD, as encoding/json does it.
package jsontext

import (
	"unicode"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// Shows says whether a character may be shown as it is: it has a shape of its
// own, and changes nothing around it.
func Shows(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// AppendString appends s as a quoted JSON string.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\t':
				dst = append(dst, '\\', 't')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c < ' ' || c == 0x7f:
				dst = appendUnit(dst, rune(c))
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = appendRune(dst, r, n)
		i += n
	}
	return append(dst, '"')
}

// AppendLine appends a JSON text on one line. What does not print can only
// stand inside its strings, so it can be escaped without parsing: the values
// stay as they were, digit by digit. The text must be valid JSON.
func AppendLine(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '\n' || c == '\r' || c == '\t':
				dst = append(dst, ' ')
			case c == 0x7f:
				dst = appendUnit(dst, rune(c))
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		dst = appendRune(dst, r, n)
		i += n
	}
	return dst
}

func appendRune(dst []byte, r rune, size int) []byte {
	switch {
	case r == utf8.RuneError && size == 1:
		return append(dst, `\ufffd`...)
	case Shows(r):
		return utf8.AppendRune(dst, r)
	case r > 0xffff:
		r -= 0x10000
		return appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	default:
		return appendUnit(dst, r)
	}
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
}
