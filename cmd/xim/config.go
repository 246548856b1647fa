package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

const configFlag = "config"

// readConfig sets flags from a YAML file whose keys are their names, but for
// those that were given on the command line.
func readConfig(flags *pflag.FlagSet, command, path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return cannotStart(fmt.Errorf("--%s: %w", configFlag, err))
	}
	defer file.Close()
	var values map[string]yaml.Node
	if err := yaml.NewDecoder(file).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return usage("%s: %w", path, err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		node := values[name]
		flag := flags.Lookup(name)
		if flag == nil || name == configFlag || name == "help" {
			return usage("%s:%d: unknown key %q: the keys are the names of \"xim %s\"'s flags", path, node.Line, name, command)
		}
		if flag.Changed {
			continue
		}
		if err := setFlag(flags, flag, &node); err != nil {
			return usage("%s:%d: %s: %w", path, node.Line, name, err)
		}
	}
	return nil
}

func setFlag(flags *pflag.FlagSet, flag *pflag.Flag, node *yaml.Node) error {
	list, takesMany := flag.Value.(pflag.SliceValue)
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return flags.Set(flag.Name, node.Value)
	case node.Kind == yaml.SequenceNode && takesMany:
		var items []string
		if err := node.Decode(&items); err != nil {
			return err
		}
		return list.Replace(items)
	case takesMany:
		return errors.New("it takes a value or a list of them")
	}
	return errors.New("it takes one value")
}
