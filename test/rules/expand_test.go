package rules

import (
	"strings"
	"testing"
)

const small = `
- required_engine_version: 0.57.0
- required_plugin_versions:
    - name: xim
      version: 0.1.0
- list: shells
  items: [sh, bash, "my shell"]
- list: programs
  items: [cat, shells]
- list: nobody
  items: []
- macro: never
  condition: (evt.num=0)
- macro: shell
  condition: proc.name in (shells) or proc.pname in (shells)
- macro: quiet
  condition: (not shell and not never)
`

func TestExpand(t *testing.T) {
	f, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	const shell = `( proc.name in ( sh, bash, "my shell" ) or proc.pname in ( sh, bash, "my shell" ) )`
	for _, tt := range []struct{ condition, want string }{
		{"evt.num=0", "evt.num = 0"},
		{"never", "( ( evt.num = 0 ) )"},
		{"evt.type=read and shell", "evt.type = read and " + shell},
		{"quiet", "( ( not " + shell + " and not ( ( evt.num = 0 ) ) ) )"},
		{"proc.name in (programs)", `proc.name in ( cat, sh, bash, "my shell" )`},
		{"proc.name in (zsh, programs,ls)", `proc.name in ( zsh, cat, sh, bash, "my shell", ls )`},
		{"proc.name in (nobody)", "proc.name in (  )"},
		{"proc.name in (nobody, cat)", "proc.name in ( cat )"},
		{"proc.name=never", "proc.name = never"},
		{"proc.name = 'shell and never'", "proc.name = 'shell and never'"},
		{`proc.name="a\"b(" and never`, `proc.name = "a\"b(" and ( ( evt.num = 0 ) )`},
		{`proc.name in ("never", shells)`, `proc.name in ( "never", sh, bash, "my shell" )`},
		{"fd.name exists and\n  not (fd.num>=3 or never)", "fd.name exists and not ( fd.num >= 3 or ( ( evt.num = 0 ) ) )"},
		{"not not never", "not not ( ( evt.num = 0 ) )"},
	} {
		got, err := f.Expand(tt.condition)
		if err != nil || got != tt.want {
			t.Errorf("%s\n got %s, %v\nwant %s", tt.condition, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ condition, want string }{
		{"", `"" where a check was expected`},
		{"nothing", `macro "nothing" is not defined up to here`},
		{"never and (nothing or never)", `macro "nothing" is not defined up to here`},
		{"shells", `macro "shells" is not defined up to here`},
		{"(never", `"" where ")" was expected`},
		{"never)", `")" after the end of the condition`},
		{"never never", `"never" after the end of the condition`},
		{"proc.name in shells", `"shells" where "(" was expected`},
		{"proc.name in (sh bash)", `no comma after the value "sh"`},
		{"proc.name in (sh,,bash)", `"," where a value was expected`},
		{"proc.name=", `"" where a value was expected`},
		{"proc.name='sh", "a quote is not closed: 'sh"},
	} {
		if got, err := f.Expand(tt.condition); err == nil || err.Error() != tt.want {
			t.Errorf("%s\n got %s, %v\nwant %s", tt.condition, got, err, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	f, err := Parse([]byte(small + `
- rule: Shell
  desc: a shell
  condition: evt.type=execve and shell
  output: Shell | name=%proc.name
  priority: INFO
  enabled: false
  tags: [host]
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Rules) != 1 || f.Rules[0].Enabled || !strings.Contains(f.Rules[0].Filter, "bash") {
		t.Errorf("rules: %+v", f.Rules)
	}
	if got := strings.Join(f.Unused(), " "); !strings.Contains(got, "programs") || !strings.Contains(got, "quiet") || strings.Contains(got, "shells") {
		t.Errorf("unused: %s", got)
	}
	louder, err := f.With(map[string]string{"never": "evt.num>0"})
	if err != nil || !strings.Contains(louder.macros["quiet"], "evt.num > 0") {
		t.Errorf("with another macro: %v, %v", louder, err)
	}
	if _, err := f.With(map[string]string{"nevre": "evt.num>0"}); err == nil {
		t.Error("an unknown macro was replaced")
	}
	for _, tt := range []struct{ yaml, want string }{
		{"- macro: a\n  condition: b\n- macro: b\n  condition: evt.num=0", `macro a: macro "b" is not defined up to here`},
		{"- macro: a\n  condition: evt.num=0\n- macro: a\n  condition: evt.num=0", `"a" is defined twice`},
		{"- list: a\n  items: []\n- macro: a\n  condition: evt.num=0", `"a" is defined twice`},
		{"- rule: a\n  condition: b", `rule a: macro "b" is not defined up to here`},
		{"- desc: a", "an entry is neither a list nor a macro nor a rule"},
		{"- rulle: a", "field rulle not found"},
	} {
		if _, err := Parse([]byte(tt.yaml)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.yaml, err, tt.want)
		}
	}
}
