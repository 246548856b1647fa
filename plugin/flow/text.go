package flow

import "strings"

// Arrow stands between the parts of a flow's text: writer -> path -> reader.
const Arrow = " -> "

var (
	escapeText = strings.NewReplacer(`\`, `\\`, `->`, `\->`)
	escapeItem = strings.NewReplacer(`\`, `\\`, `->`, `\->`, `,`, `\,`, `(`, `\(`, `)`, `\)`)
)

// EscapeText makes a name safe inside a flow's text: a backslash goes before
// every backslash and before every -> that is part of the name.
func EscapeText(name string) string { return escapeText.Replace(name) }

// EscapeItem makes a name safe inside a list that may be written as (a,b): what
// EscapeText does, and a backslash before every comma and parenthesis.
func EscapeItem(name string) string { return escapeItem.Replace(name) }

// Unescape undoes EscapeText and EscapeItem: a backslash stands for the
// character after it. A lone backslash at the end stays.
func Unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// SplitFlow cuts a flow's text at its two arrows and unescapes the parts. It
// reports false where the text does not have exactly three parts.
func SplitFlow(text string) (writer, path, reader string, ok bool) {
	parts := strings.Split(text, Arrow)
	if len(parts) != 3 {
		return "", "", "", false
	}
	return Unescape(parts[0]), Unescape(parts[1]), Unescape(parts[2]), true
}

// SplitList cuts a list written as (a,b) at its unescaped commas and returns
// the items, still escaped. Cut says that the closing parenthesis is missing:
// the writer of the list ran out of room (Falco stops at 1,023 bytes), and the
// last item, which cannot be trusted, is left out.
func SplitList(text string) (items []string, cut bool) {
	if !strings.HasPrefix(text, "(") {
		return []string{text}, false
	}
	if text == "()" {
		return nil, false
	}
	start := 1
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ',':
			items = append(items, text[start:i])
			start = i + 1
		case ')':
			if i == len(text)-1 {
				return append(items, text[start:i]), false
			}
		}
	}
	return items, true
}
