package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/cmd/xim/internal/query"
)

// span is a flag that takes a length of time, days too.
type span time.Duration

var _ pflag.Value = (*span)(nil)

func (s *span) Set(text string) error {
	d, err := query.Duration(text)
	*s = span(d)
	return err
}

func (s *span) String() string {
	if *s == 0 {
		return "0"
	}
	return time.Duration(*s).String()
}

func (s *span) Type() string { return "TIME" }

// partOf says of flags which other flag they are a part of.
var partOf = map[string]string{
	"listen-token-file":  "listen",
	"listen-cert":        "listen",
	"listen-key":         "listen",
	"listen-client-ca":   "listen",
	"listen-insecure":    "listen",
	"cert":               "grpc",
	"key":                "grpc",
	"ca":                 "grpc",
	"follow":             "file",
	"forward-token-file": "forward",
	"forward-ca":         "forward",
}

// checkParts refuses a flag that would do nothing: whoever gave it counts on it.
func checkParts(flags *pflag.FlagSet) (err error) {
	given := func(f *pflag.Flag) bool { return f.Value.String() != f.DefValue }
	flags.VisitAll(func(f *pflag.Flag) {
		if whole := partOf[f.Name]; err == nil && whole != "" && given(f) && !given(flags.Lookup(whole)) {
			err = usage("--%s does nothing without --%s", f.Name, whole)
		}
	})
	return err
}
