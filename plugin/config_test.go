package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// defaults is the configuration of an empty text, changed.
func defaults(change func(*config)) config {
	c := config{granularity: flow.Process, process: byComm, cache: true, sensor: byFalco, stateInterval: time.Minute}
	change(&c)
	return c
}

func TestConfigAccepted(t *testing.T) {
	for _, tc := range []struct {
		text string
		want config
	}{
		{``, defaults(func(*config) {})},
		{" \n", defaults(func(*config) {})},
		{`{}`, defaults(func(*config) {})},
		{`{"granularity":"process"}`, defaults(func(*config) {})},
		{`{"granularity":"container"}`, defaults(func(c *config) { c.granularity = flow.Container })},
		{`{"granularity":"pod"}`, defaults(func(c *config) { c.granularity = flow.Pod })},
		{`{"compat":true}`, defaults(func(c *config) { c.compat = true })},
		{`{"compat":false}`, defaults(func(*config) {})},
		{`{"cache":false}`, defaults(func(c *config) { c.cache = false })},
		{`{"process_identity":"comm"}`, defaults(func(*config) {})},
		{`{"process_identity":"exe_path"}`, defaults(func(c *config) { c.process = byExePath })},
		{`{"process_identity":"pid"}`, defaults(func(c *config) { c.process = byPID })},
		{`{"max_objects":1}`, defaults(func(c *config) { c.limits.MaxObjects = 1 })},
		{`{"max_objects":67108864}`, defaults(func(c *config) { c.limits.MaxObjects = 1 << 26 })},
		{`{"max_writers":65536}`, defaults(func(c *config) { c.limits.MaxWriters = 1 << 16 })},
		{`{"max_flows":5}`, defaults(func(c *config) { c.limits.MaxFlows = 5 })},
		{`{"state_file":"/var/lib/xim/state"}`, defaults(func(c *config) { c.stateFile = "/var/lib/xim/state" })},
		{`{"state_interval":5}`, defaults(func(c *config) { c.stateInterval = 5 * time.Second })},
		{`{"state_interval":86400}`, defaults(func(c *config) { c.stateInterval = 24 * time.Hour })},
		{`{"state_dir":"/var/lib/xim"}`, defaults(func(c *config) { c.stateDir = "/var/lib/xim" })},
		{`{"max_stored_objects":7}`, defaults(func(c *config) { c.maxStored = 7 })},
		{`{"exclude":{}}`, defaults(func(*config) {})},
		{`{"exclude":{"users":[]}}`, defaults(func(*config) {})},
		{`{"exclude":{"users":["root",1000,"65534"]}}`, defaults(func(c *config) { c.exclude.users = []uint32{0, 1000, 65534} })},
		{`{"exclude":{"processes":["a b","c"]}}`, defaults(func(c *config) { c.exclude.processes = []string{"a b", "c"} })},
		{`{"exclude":{"path_prefixes":["/a/","/b"]}}`, defaults(func(c *config) { c.exclude.paths = []string{"/a", "/b"} })},
		{`{"sensor":"falco"}`, defaults(func(*config) {})},
		{`{"sensor":"kernel"}`, defaults(func(c *config) { c.sensor = byKernel })},
		{`{"sensor":"kernel","compat":false,"exclude":{"processes":["a"],"users":[7]}}`, defaults(func(c *config) {
			c.sensor, c.exclude = byKernel, exclusion{processes: []string{"a"}, users: []uint32{7}}
		})},
		{`{"kernel":{}}`, defaults(func(*config) {})},
		{`{"kernel":null}`, defaults(func(*config) {})},
		{`{"kernel":{"attach":"tracepoint","ring":1048576,"objects":5,"deeds":16777216}}`, defaults(func(c *config) {
			c.kernel = kernel.Options{Attach: kernel.Tracepoint, Ring: 1 << 20, Objects: 5, Deeds: 1 << 24}
		})},
		// Falco hands on what YAML leaves empty as null, and the text 123 as a number.
		{`null`, defaults(func(*config) {})},
		{`{"exclude":null}`, defaults(func(*config) {})},
		{`{"exclude":{"users":null,"processes":null,"path_prefixes":null}}`, defaults(func(*config) {})},
		{`{"exclude":{"processes":[123]}}`, defaults(func(c *config) { c.exclude.processes = []string{"123"} })},
		{`{"granularity":"pod","exclude":{"users":[7],"path_prefixes":["/"]},"max_flows":9}`, defaults(func(c *config) {
			c.granularity, c.limits.MaxFlows = flow.Pod, 9
			c.exclude = exclusion{users: []uint32{7}, paths: []string{""}}
		})},
	} {
		got, err := parseConfig(tc.text)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", tc.text, got, err, tc.want)
		}
	}
}

// The whole messages are in the golden file, to be read.
func TestConfigRefused(t *testing.T) {
	var all strings.Builder
	for _, text := range []string{
		`{"granularity":"node"}`, `{"granularity":"Pod"}`, `{"granularity":null}`, `{"granularity":1}`, `{"granularity":["pod"]}`, `{"granularity":""}`,
		`{"process_identity":"name"}`, `{"process_identity":null}`,
		`{"compat":"true"}`, `{"compat":1}`, `{"compat":null}`,
		`{"cache":"no"}`, `{"cache":null}`,
		`{"max_objects":0}`, `{"max_objects":-1}`, `{"max_objects":1.5}`, `{"max_objects":"10"}`, `{"max_objects":null}`, `{"max_objects":1073741825}`, `{"max_objects":99999999999999999999}`,
		`{"max_writers":0}`, `{"max_writers":65537}`, `{"max_writers":true}`,
		`{"max_flows":0}`, `{"max_flows":{}}`,
		`{"state_file":"state"}`, `{"state_file":""}`, `{"state_file":null}`, `{"state_file":true}`,
		`{"state_dir":"./x"}`, `{"state_dir":null}`,
		`{"state_interval":0}`, `{"state_interval":86401}`, `{"state_interval":"1m"}`, `{"state_interval":0.5}`,
		`{"max_stored_objects":0}`, `{"max_stored_objects":"many"}`,
		`{"exclude":[]}`, `{"exclude":"root"}`, `{"exclude":{"user":["root"]}}`, `{"exclude":{"exclude":{}}}`,
		`{"exclude":{"users":"root"}}`, `{"exclude":{"users":{}}}`, `{"exclude":{"users":[null]}}`, `{"exclude":{"users":[true]}}`, `{"exclude":{"users":["no such user"]}}`, `{"exclude":{"users":[-1]}}`, `{"exclude":{"users":[1.5]}}`, `{"exclude":{"users":[4294967296]}}`, `{"exclude":{"users":[["root"]]}}`,
		`{"exclude":{"processes":[""]}}`, `{"exclude":{"processes":[null]}}`, `{"exclude":{"processes":"a"}}`,
		`{"exclude":{"path_prefixes":["data"]}}`, `{"exclude":{"path_prefixes":[""]}}`, `{"exclude":{"path_prefixes":[1]}}`,
		`{"sensor":"ebpf"}`, `{"sensor":null}`, `{"sensor":{"kernel":{}}}`,
		`{"kernel":"auto"}`, `{"kernel":{"attach":"kprobe"}}`, `{"kernel":{"ring":0}}`, `{"kernel":{"ring":268435457}}`, `{"kernel":{"objects":0}}`, `{"kernel":{"deeds":"many"}}`, `{"kernel":{"sensor":1}}`,
		`{"sensor":"kernel","compat":true}`, `{"sensor":"kernel","state_dir":"/var/lib/xim"}`, `{"sensor":"kernel","process_identity":"pid","exclude":{"processes":["1"]}}`,
		`{"granularty":"pod"}`, `{"Granularity":"pod"}`, `{"":1}`, `{"a\nb":"c"}`, `{"users":["root"]}`,
		`{"max_flows":0,"compat":1}`,
		`[]`, `"pod"`, `1`, `{`, `{"granularity":"pod"`, `{} {}`, `{granularity: pod}`,
	} {
		_, err := parseConfig(text)
		if err == nil {
			t.Errorf("%s is accepted", text)
		}
		fmt.Fprintf(&all, "%s\n\t%v\n", text, err)
	}
	golden(t, "config_refused.txt", all.String())
}

func TestConfigNamesAUserOfThisMachine(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	c, err := parseConfig(`{"exclude":{"users":["` + me.Username + `"]}}`)
	if err != nil || fmt.Sprint(c.exclude.users) != "["+me.Uid+"]" {
		t.Errorf("got %v, %v, want user %s", c.exclude.users, err, me.Uid)
	}
}

func TestConfigSchemaIsJSON(t *testing.T) {
	var schema struct {
		Schema string `json:"$schema"`
		Type   string `json:"type"`
	}
	if err := json.Unmarshal([]byte(configSchema), &schema); err != nil || schema.Type != "object" || schema.Schema == "" {
		t.Errorf("%s: %+v, %v", configSchema, schema, err)
	}
}

func TestExcludedPaths(t *testing.T) {
	x := exclusion{paths: []string{"/a/b", "/c"}}
	for path, want := range map[string]bool{
		"/a/b": true, "/a/b/c": true, "/a/bc": false, "/a": false, "/c": true, "/c/": true, "/d/c": false, "": false, "/": false,
	} {
		if got := x.path(path); got != want {
			t.Errorf("%q: got %t", path, got)
		}
	}
	if all := (&exclusion{paths: []string{""}}); !all.path("/x") || !all.path("/") {
		t.Error("the prefix / leaves something out")
	}
}

// golden compares a whole output with a file, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s (go test -update writes it anew):\n%s", path, got)
	}
}

// The kernel sensor keeps 15 bytes of a command name: a longer one is no process's, and
// cut it would be another's.
func TestSensorOptions(t *testing.T) {
	c, err := parseConfig(`{"sensor":"kernel","max_writers":3,"exclude":{"users":[7],"processes":["a","123456789012345","1234567890123456"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := kernel.Options{MaxWriters: 3, Users: []uint32{7}, Processes: []string{"a", "123456789012345"}}
	if got := c.sensorOptions(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
