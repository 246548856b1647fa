package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// A File is a rules file in the order it was written.
type File struct {
	EngineVersion string
	Plugins       []Plugin
	Rules         []Rule

	lists  map[string][]string // expanded
	macros map[string]string   // expanded
	used   map[string]bool     // lists and macros
	raw    []byte
}

// A Plugin is an entry of required_plugin_versions.
type Plugin struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
}

// A Rule as it stands in the file, but that Filter has its lists and macros put in.
type Rule struct {
	Name      string
	Desc      string
	Condition string
	Output    string
	Priority  string
	Tags      []string
	Enabled   bool
	Filter    string
}

// An entry holds one of the kinds of things that a rules file lists.
type entry struct {
	EngineVersion string   `yaml:"required_engine_version"`
	Plugins       []Plugin `yaml:"required_plugin_versions"`

	List  string   `yaml:"list"`
	Items []string `yaml:"items"`

	Macro string `yaml:"macro"`

	Rule     string   `yaml:"rule"`
	Desc     string   `yaml:"desc"`
	Output   string   `yaml:"output"`
	Priority string   `yaml:"priority"`
	Tags     []string `yaml:"tags"`
	Enabled  *bool    `yaml:"enabled"`

	Condition string `yaml:"condition"` // of a macro or a rule
}

// Load reads a rules file.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// Parse reads the text of a rules file.
func Parse(data []byte) (*File, error) { return parse(data, nil, nil) }

// With returns the file as if the named macros had these conditions.
func (f *File) With(macros map[string]string) (*File, error) { return parse(f.raw, macros, nil) }

// WithLists returns the file as if the named lists had these items.
func (f *File) WithLists(lists map[string][]string) (*File, error) { return parse(f.raw, nil, lists) }

func parse(data []byte, macros map[string]string, lists map[string][]string) (*File, error) {
	var entries []entry
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	f := &File{
		lists:  map[string][]string{},
		macros: map[string]string{},
		used:   map[string]bool{},
		raw:    data,
	}
	for i := range entries {
		e := &entries[i]
		if c, ok := macros[e.Macro]; ok {
			e.Condition = c
		}
		if items, ok := lists[e.List]; ok {
			e.Items = items
		}
		if err := f.add(e); err != nil {
			return nil, err
		}
	}
	for name := range macros {
		if _, ok := f.macros[name]; !ok {
			return nil, fmt.Errorf("no macro %q", name)
		}
	}
	for name := range lists {
		if _, ok := f.lists[name]; !ok {
			return nil, fmt.Errorf("no list %q", name)
		}
	}
	return f, nil
}

func (f *File) add(e *entry) error {
	for _, name := range []string{e.List, e.Macro} {
		_, isList := f.lists[name]
		_, isMacro := f.macros[name]
		if isList || isMacro {
			return fmt.Errorf("%q is defined twice", name)
		}
	}
	switch {
	case e.EngineVersion != "":
		f.EngineVersion = e.EngineVersion
	case e.Plugins != nil:
		f.Plugins = e.Plugins
	case e.List != "":
		f.lists[e.List] = f.expandItems(e.Items)
	case e.Macro != "":
		filter, err := f.Expand(e.Condition)
		if err != nil {
			return fmt.Errorf("macro %s: %w", e.Macro, err)
		}
		f.macros[e.Macro] = filter
	case e.Rule != "":
		for _, r := range f.Rules {
			if r.Name == e.Rule {
				return fmt.Errorf("rule %q is defined twice", e.Rule)
			}
		}
		filter, err := f.Expand(e.Condition)
		if err != nil {
			return fmt.Errorf("rule %s: %w", e.Rule, err)
		}
		f.Rules = append(f.Rules, Rule{
			Name: e.Rule, Desc: e.Desc, Condition: e.Condition, Output: e.Output,
			Priority: e.Priority, Tags: e.Tags, Enabled: e.Enabled == nil || *e.Enabled,
			Filter: filter,
		})
	default:
		return errors.New("an entry is neither a list nor a macro nor a rule")
	}
	return nil
}

// Unused lists the lists and macros that nothing in the file uses.
func (f *File) Unused() []string {
	var names []string
	for name := range f.lists {
		if !f.used[name] {
			names = append(names, name)
		}
	}
	for name := range f.macros {
		if !f.used[name] {
			names = append(names, name)
		}
	}
	return names
}
