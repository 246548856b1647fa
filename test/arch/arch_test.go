// Package arch checks the rules of the house: which part may import which. It looks
// at what is built, not at tests, which may import what they like.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/xim-monitor/xim"

// A rule says what the packages at and below dir may import. The standard library
// is free but for what forbid names.
type rule struct {
	dir    string
	own    []string // parts of this module, each with all below it; "" is all of it
	others []string // parts of other modules; "" is any
	forbid []string // parts of the standard library
	cgo    bool     // may use cgo, or import what does
}

// rules are tried in order; the first whose dir holds the package speaks.
var rules = []rule{
	{
		dir: "plugin/flow", own: []string{"plugin/flow"},
		others: []string{"github.com/elastic/go-freelru", "github.com/dchest/siphash"},
		forbid: []string{"os", "net", "syscall", "log"}, // no I/O
	},
	{dir: "plugin/event", own: []string{"plugin/event", "plugin/flow"}},
	{dir: "plugin/spill", own: []string{"plugin/spill", "plugin/flow"}, others: []string{""}},
	{dir: "plugin/state", own: []string{"plugin/state"}},
	{dir: "plugin/identity", own: []string{"plugin/identity", "plugin/flow"}},
	{
		dir: "plugin/kernel", own: []string{"plugin/kernel", "plugin/flow", "plugin/identity"},
		others: []string{""},
	},
	{dir: "plugin", own: []string{"plugin"}, others: []string{""}, cgo: true},
	{dir: "cmd", own: []string{"cmd", "plugin/flow", "plugin/kernel"}, others: []string{""}},
	{dir: "rules", own: []string{"rules"}},
	{dir: "test", own: []string{""}, others: []string{""}, cgo: true},
}

// goPackage is what is needed of `go list -json`.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

func TestImports(t *testing.T) {
	all := list(t)
	checked := 0
	for path, pkg := range all {
		dir, own := ownDir(path)
		if !own {
			continue
		}
		checked++
		at := slices.IndexFunc(rules, func(r rule) bool { return within(dir, r.dir) })
		if at < 0 {
			t.Errorf("%s: no rule says what it may import", dir)
			continue
		}
		for _, imported := range pkg.Imports {
			if imported != "C" && !rules[at].allows(imported, all[imported].Standard) {
				t.Errorf("%s imports %s", dir, imported)
			}
		}
		if rules[at].cgo {
			continue
		}
		for _, dep := range append(pkg.Deps, path) {
			if p := all[dep]; !p.Standard && len(p.CgoFiles) > 0 {
				t.Errorf("%s depends on cgo: %s has %v", dir, dep, p.CgoFiles)
			}
		}
	}
	if checked == 0 {
		t.Fatal("no package found: nothing was checked")
	}
}

func TestAllows(t *testing.T) {
	r := rule{own: []string{"plugin/flow"}, others: []string{"example.com/cache"}, forbid: []string{"os"}}
	for imported, want := range map[string]bool{
		module + "/plugin/flow":       true,
		module + "/plugin/flow/inner": true,
		module + "/plugin/flowers":    false,
		module + "/plugin":            false,
		module:                        false,
		"example.com/cache/v2":        true,
		"example.com/cachet":          false,
		"slices":                      true,
		"os":                          false,
		"os/exec":                     false,
	} {
		standard := !strings.Contains(imported, ".")
		if got := r.allows(imported, standard); got != want {
			t.Errorf("allows(%q) = %v, want %v", imported, got, want)
		}
	}
}

func (r rule) allows(imported string, standard bool) bool {
	holds := func(path string) func(string) bool {
		return func(part string) bool { return within(path, part) }
	}
	if dir, own := ownDir(imported); own {
		return slices.ContainsFunc(r.own, holds(dir))
	}
	if standard {
		return !slices.ContainsFunc(r.forbid, holds(imported))
	}
	return slices.ContainsFunc(r.others, holds(imported))
}

// within tells whether path is part or lies below it.
func within(path, part string) bool {
	return part == "" || path == part || strings.HasPrefix(path, part+"/")
}

// ownDir is the directory of a package of this module.
func ownDir(importPath string) (dir string, own bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// list returns the packages of this module and all they depend on.
func list(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,Imports,Deps,CgoFiles", module+"/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // else cgo files are left out
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string]goPackage)
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var pkg goPackage
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[pkg.ImportPath] = pkg
	}
}
