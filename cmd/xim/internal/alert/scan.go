package alert

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep an alert may nest. Falco's nest twice.
const maxDepth = 64

var (
	errEnd   = errors.New("the text ends in the middle")
	errDepth = errors.New("nested too deep")
)

// scanner walks over JSON without building anything. It accepts exactly what
// encoding/json accepts (a fuzz test holds it to that), up to maxDepth.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) bad(what string) error {
	if s.at >= len(s.text) {
		return errEnd
	}
	found, _ := utf8.DecodeRune(s.text[s.at:])
	return fmt.Errorf("byte %d: %s, not %q", s.at+1, what, found)
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// next skips blanks and returns the byte that follows, 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// plain marks the bytes a string may hold as they are, but for its end.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// str scans a string and returns what is between its quotes, still escaped.
func (s *scanner) str() (raw []byte, escaped bool, err error) {
	if s.next() != '"' {
		return nil, false, s.bad("a string is wanted")
	}
	s.at++
	start := s.at
	for {
		for s.at < len(s.text) && plain[s.text[s.at]] {
			s.at++
		}
		if s.at >= len(s.text) {
			return nil, false, errEnd
		}
		switch s.text[s.at] {
		case '"':
			s.at++
			return s.text[start : s.at-1], escaped, nil
		case '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		default:
			return nil, false, s.bad("a control character is not allowed in a string")
		}
	}
}

func (s *scanner) escape() error {
	s.at++
	if s.at >= len(s.text) {
		return errEnd
	}
	switch s.text[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		for range 4 {
			s.at++
			if s.at >= len(s.text) || !isHex(s.text[s.at]) {
				return s.bad("four hexadecimal digits are wanted")
			}
		}
		s.at++
		return nil
	}
	return s.bad("an escape is wanted")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// value skips a value of any kind and returns its text.
func (s *scanner) value(depth int) ([]byte, error) {
	c := s.next()
	start := s.at
	var err error
	switch {
	case c == '"':
		_, _, err = s.str()
	case c == '{':
		err = s.object(depth, func([]byte, bool) error {
			_, err := s.value(depth + 1)
			return err
		})
	case c == '[':
		err = s.array(depth, func() error {
			_, err := s.value(depth + 1)
			return err
		})
	case c == '-' || c >= '0' && c <= '9':
		err = s.number()
	case c == 't':
		err = s.word("true")
	case c == 'f':
		err = s.word("false")
	case c == 'n':
		err = s.word("null")
	default:
		err = s.bad("a value is wanted")
	}
	return s.text[start:s.at], err
}

// object calls member at each value, which member must consume.
func (s *scanner) object(depth int, member func(key []byte, escaped bool) error) error {
	if s.next() != '{' {
		return s.bad("an object is wanted")
	}
	if depth >= maxDepth {
		return errDepth
	}
	s.at++
	if s.next() == '}' {
		s.at++
		return nil
	}
	for {
		key, escaped, err := s.str()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.bad("a colon is wanted")
		}
		s.at++
		if err := member(key, escaped); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.at++
			return nil
		default:
			return s.bad("a comma or the object's end is wanted")
		}
	}
}

// array calls item at each value, which item must consume.
func (s *scanner) array(depth int, item func() error) error {
	if depth >= maxDepth {
		return errDepth
	}
	s.at++
	if s.next() == ']' {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case ']':
			s.at++
			return nil
		default:
			return s.bad("a comma or the list's end is wanted")
		}
	}
}

func (s *scanner) word(w string) error {
	for i := range len(w) {
		if s.at >= len(s.text) || s.text[s.at] != w[i] {
			return s.bad("a value is wanted")
		}
		s.at++
	}
	return nil
}

func (s *scanner) digits() error {
	start := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	if s.at == start {
		return s.bad("a digit is wanted")
	}
	return nil
}

func (s *scanner) number() error {
	if s.text[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.text) && s.text[s.at] == '0' {
		s.at++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') {
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		return s.digits()
	}
	return nil
}

// unquote appends what a scanned string means. Half a surrogate pair becomes
// U+FFFD; bytes that are not UTF-8 stay as they are.
func unquote(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := unit(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(raw) > i+6 && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low = unit(raw[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, raw[i])
		}
	}
	return dst
}

func unit(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // the scanner saw four digits
	return rune(n)
}
