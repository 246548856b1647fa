package main

import (
	"slices"
	"strings"
)

// exclusion lists whose accesses, and to what, are never recorded.
type exclusion struct {
	users     []uint32
	processes []string
	paths     []string // prefixes, of whole path elements
}

func (x *exclusion) who(uid uint32, process string) bool {
	return slices.Contains(x.users, uid) || slices.Contains(x.processes, process)
}

func (x *exclusion) path(path string) bool {
	return slices.ContainsFunc(x.paths, func(prefix string) bool {
		return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
	})
}
