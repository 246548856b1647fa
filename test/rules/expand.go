package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Expand puts the file's lists and macros into a condition.
//
// A name is a macro where a whole check could stand, and a list where values stand,
// between parentheses or after an operator. Text in quotes is neither.
func (f *File) Expand(condition string) (string, error) {
	tokens, err := split(condition)
	if err != nil {
		return "", err
	}
	x := expander{file: f, tokens: tokens}
	if err := x.expr(); err != nil {
		return "", err
	}
	if t := x.peek(); t != "" {
		return "", fmt.Errorf("%q after the end of the condition", t)
	}
	return strings.Join(x.out, " "), nil
}

// expandItems writes a list's items as a filter wants them, those of other lists put in.
func (f *File) expandItems(items []string) []string {
	var out []string
	for _, item := range items {
		if of, ok := f.lists[item]; ok {
			f.used[item] = true
			out = append(out, of...)
			continue
		}
		if strings.Contains(item, " ") && !strings.ContainsAny(item[:1], `'"`) {
			item = `"` + item + `"`
		}
		out = append(out, item)
	}
	return out
}

// split cuts a condition into words, quoted texts, operators, parentheses and commas.
func split(s string) ([]string, error) {
	const blank, single = " \t\r\n", "(),"
	var tokens []string
	for i := 0; i < len(s); {
		start := i
		switch c := s[i]; {
		case strings.IndexByte(blank, c) >= 0:
			i++
			continue
		case strings.IndexByte(single, c) >= 0:
			i++
		case c == '"' || c == '\'':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			if i++; i > len(s) {
				return nil, fmt.Errorf("a quote is not closed: %s", s[start:])
			}
		case strings.IndexByte("=!<>", c) >= 0:
			for i < len(s) && strings.IndexByte("=!<>", s[i]) >= 0 {
				i++
			}
		default:
			for i < len(s) && strings.IndexByte(blank+single+`"'=!<>`, s[i]) < 0 {
				i++
			}
		}
		tokens = append(tokens, s[start:i])
	}
	return tokens, nil
}

var (
	compare = []string{
		"=", "==", "!=", "<", "<=", ">", ">=", "contains", "icontains", "bcontains", "startswith",
		"bstartswith", "endswith", "glob", "iglob", "regex",
	}
	compareList = []string{"in", "intersects", "pmatch"}
)

// An expander walks the grammar of libsinsp's filters and writes what it reads.
type expander struct {
	file   *File
	tokens []string
	out    []string
}

func (x *expander) peek() string {
	if len(x.tokens) == 0 {
		return ""
	}
	return x.tokens[0]
}

func (x *expander) next() string {
	t := x.peek()
	if t != "" {
		x.tokens = x.tokens[1:]
	}
	return t
}

func (x *expander) copy() { x.out = append(x.out, x.next()) }

func (x *expander) want(token string) error {
	if t := x.peek(); t != token {
		return fmt.Errorf("%q where %q was expected", t, token)
	}
	x.copy()
	return nil
}

// expr reads checks joined by and, or.
func (x *expander) expr() error {
	for {
		for x.peek() == "not" {
			x.copy()
		}
		if err := x.check(); err != nil {
			return err
		}
		if t := x.peek(); t != "and" && t != "or" {
			return nil
		}
		x.copy()
	}
}

func (x *expander) check() error {
	if x.peek() == "(" {
		x.copy()
		if err := x.expr(); err != nil {
			return err
		}
		return x.want(")")
	}
	name := x.next()
	if !isWord(name) {
		return fmt.Errorf("%q where a check was expected", name)
	}
	op := x.peek()
	switch {
	case op == "exists":
		x.out = append(x.out, name)
		x.copy()
		return nil
	case slices.Contains(compare, op):
		x.out = append(x.out, name)
		x.copy()
		return x.value()
	case slices.Contains(compareList, op):
		x.out = append(x.out, name)
		x.copy()
		return x.values()
	}
	filter, ok := x.file.macros[name]
	if !ok {
		return fmt.Errorf("macro %q is not defined up to here", name)
	}
	x.file.used[name] = true
	x.out = append(x.out, "(", filter, ")")
	return nil
}

// values reads (a, b, list).
func (x *expander) values() error {
	if err := x.want("("); err != nil {
		return err
	}
	var items []string
	for x.peek() != ")" {
		item := x.next()
		if item == "" || !isWord(item) && !isQuoted(item) {
			return fmt.Errorf("%q where a value was expected", item)
		}
		items = append(items, x.file.expandItems([]string{item})...)
		if x.peek() != ")" && x.next() != "," {
			return fmt.Errorf("no comma after the value %q", item)
		}
	}
	x.out = append(x.out, strings.Join(items, ", "))
	return x.want(")")
}

func (x *expander) value() error {
	if t := x.peek(); !isWord(t) && !isQuoted(t) {
		return fmt.Errorf("%q where a value was expected", t)
	}
	x.copy()
	return nil
}

func isQuoted(t string) bool { return t != "" && strings.IndexByte(`"'`, t[0]) >= 0 }

func isWord(t string) bool {
	return t != "" && strings.IndexByte(`"'(),=!<>`, t[0]) < 0 && t != "and" && t != "or" && t != "not"
}
