package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// configSchema is permissive: the framework's own message would name neither the
// value nor the choices. Config.set says both.
const configSchema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}`

// config is the plugin's configuration, init_config in falco.yaml.
type config struct {
	granularity flow.Granularity // of the fields without a prefix
	compat      bool
	process     processIdentity
	cache       bool
	limits      flow.Options
	exclude     exclusion
	sensor      sensorName
	kernel      kernel.Options // what the kernel sensor alone has

	stateFile     string        // where the memory is saved; empty: nowhere
	stateInterval time.Duration // between two snapshots
	stateDir      string        // where objects go beyond max_objects; empty: they are forgotten
	maxStored     int           // objects there; 0: the store's own limit
}

// processIdentity says by what a process is named.
type processIdentity string

const (
	byComm    processIdentity = "comm"
	byExePath processIdentity = "exe_path"
	byPID     processIdentity = "pid"
)

// sensorName says who tells of accesses.
type sensorName string

const (
	byFalco  sensorName = "falco"  // its events of system calls
	byKernel sensorName = "kernel" // an eBPF sensor of our own
)

func (c *config) sensing() bool { return c.sensor == byKernel }

// sensorOptions are the kernel sensor's settings.
func (c *config) sensorOptions() kernel.Options {
	o := c.kernel
	o.MaxWriters = c.limits.MaxWriters
	o.Process = map[processIdentity]kernel.Process{byComm: kernel.ByComm, byExePath: kernel.ByExePath, byPID: kernel.ByPID}[c.process]
	o.Users = c.exclude.users
	for _, name := range c.exclude.processes {
		if len(name) <= maxComm { // a longer one is nobody's, and would be cut
			o.Processes = append(o.Processes, name)
		}
	}
	return o
}

// maxComm is the longest command name that the kernel keeps.
const maxComm = 15

// fits tells which keys contradict one another.
func (c *config) fits() error {
	const sorry = `configuration key "sensor": kernel cannot be combined with `
	switch {
	case !c.sensing():
	case c.compat:
		return errors.New(sorry + "compat: xIM 0.7 reckons by system calls")
	case c.stateDir != "":
		return errors.New(sorry + "state_dir: the sensor would not know of the objects there; raise max_objects")
	case len(c.exclude.processes) > 0 && c.process != byComm:
		return fmt.Errorf(sorry+"exclude.processes while process_identity is %s: it knows processes by their command names", c.process)
	}
	return nil
}

// parseConfig reads the configuration. Every error names the key, what was found
// and what was expected.
func parseConfig(text string) (config, error) {
	c := config{granularity: flow.Process, process: byComm, cache: true, sensor: byFalco, stateInterval: time.Minute}
	if strings.TrimSpace(text) == "" {
		return c, nil
	}
	if err := eachKey("", []byte(text), c.set); err != nil {
		return c, err
	}
	return c, c.fits()
}

// eachKey calls set for every member of a JSON object.
func eachKey(prefix string, object []byte, set func(key string, value json.RawMessage) error) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		if prefix == "" {
			return fmt.Errorf("configuration: got %s, expected a JSON object: %w", object, err)
		}
		return bad(strings.TrimSuffix(prefix, "."), object, "an object")
	}
	keys := make([]string, 0, len(members))
	for k := range members {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := set(prefix+k, members[k]); err != nil {
			return err
		}
	}
	return nil
}

func bad(key string, got json.RawMessage, expected string) error {
	return fmt.Errorf("configuration key %q: got %s, expected %s", key, got, expected)
}

func (c *config) set(key string, value json.RawMessage) error {
	switch key {
	case "granularity":
		name, err := choice(key, value, "process", "container", "pod")
		if err == nil {
			c.granularity, _ = flow.ParseGranularity(name)
		}
		return err
	case "process_identity":
		name, err := choice(key, value, string(byComm), string(byExePath), string(byPID))
		c.process = processIdentity(name)
		return err
	case "compat":
		return boolean(key, value, &c.compat)
	case "cache":
		return boolean(key, value, &c.cache)
	case "max_objects":
		return limit(key, value, 1<<26, &c.limits.MaxObjects)
	case "max_writers":
		return limit(key, value, 1<<16, &c.limits.MaxWriters)
	case "max_flows":
		return limit(key, value, 1<<26, &c.limits.MaxFlows)
	case "state_file":
		return absolute(key, value, &c.stateFile)
	case "state_dir":
		return absolute(key, value, &c.stateDir)
	case "state_interval":
		var seconds int
		err := limit(key, value, 86400, &seconds)
		c.stateInterval = time.Duration(seconds) * time.Second
		return err
	case "max_stored_objects":
		return limit(key, value, 1<<30, &c.maxStored)
	case "exclude":
		return eachKey("exclude.", value, c.setExclude)
	case "sensor":
		name, err := choice(key, value, string(byFalco), string(byKernel))
		c.sensor = sensorName(name)
		return err
	case "kernel":
		return eachKey("kernel.", value, c.setKernel)
	}
	return unknown(key, value, "granularity, compat, process_identity, max_objects, max_writers, max_flows, exclude, state_file, state_interval, state_dir, max_stored_objects, cache, sensor, kernel")
}

func (c *config) setKernel(key string, value json.RawMessage) error {
	switch key {
	case "kernel.attach":
		name, err := choice(key, value, string(kernel.Auto), string(kernel.Functions), string(kernel.Tracepoint))
		c.kernel.Attach = kernel.Attach(name)
		return err
	case "kernel.ring":
		return limit(key, value, 1<<28, &c.kernel.Ring)
	case "kernel.objects":
		return limit(key, value, 1<<24, &c.kernel.Objects)
	case "kernel.deeds":
		return limit(key, value, 1<<24, &c.kernel.Deeds)
	}
	return unknown(key, value, "kernel.attach, kernel.ring, kernel.objects, kernel.deeds")
}

func (c *config) setExclude(key string, value json.RawMessage) error {
	switch key {
	case "exclude.users":
		return eachItem(key, value, "a user name or number", c.excludeUser)
	case "exclude.processes":
		return eachItem(key, value, "a process name", func(item any) bool {
			switch item.(type) {
			case string, json.Number, bool: // Falco hands "123" on as 123, "yes" as true
				c.exclude.processes = append(c.exclude.processes, fmt.Sprint(item))
				return item != ""
			}
			return false
		})
	case "exclude.path_prefixes":
		return eachItem(key, value, "an absolute path", func(item any) bool {
			path, ok := item.(string)
			c.exclude.paths = append(c.exclude.paths, strings.TrimRight(path, "/"))
			return ok && strings.HasPrefix(path, "/")
		})
	}
	return unknown(key, value, "exclude.users, exclude.processes, exclude.path_prefixes")
}

// excludeUser takes a number, or a name that this machine knows.
func (c *config) excludeUser(item any) bool {
	text := fmt.Sprint(item)
	if name, ok := item.(string); ok {
		if u, err := user.Lookup(name); err == nil {
			text = u.Uid
		}
	}
	uid, err := strconv.ParseUint(text, 10, 32)
	c.exclude.users = append(c.exclude.users, uint32(uid))
	return err == nil
}

func unknown(key string, value json.RawMessage, known string) error {
	return fmt.Errorf("configuration key %q is unknown (its value: %s): expected one of %s", key, value, known)
}

func choice(key string, value json.RawMessage, choices ...string) (string, error) {
	var got string
	if json.Unmarshal(value, &got) != nil || !slices.Contains(choices, got) {
		return "", bad(key, value, "one of "+strings.Join(choices, ", "))
	}
	return got, nil
}

func boolean(key string, value json.RawMessage, to *bool) error {
	if json.Unmarshal(value, to) != nil || string(value) == "null" {
		return bad(key, value, "true or false")
	}
	return nil
}

// absolute takes a path that does not depend on where Falco was started.
func absolute(key string, value json.RawMessage, to *string) error {
	if json.Unmarshal(value, to) != nil || !filepath.IsAbs(*to) {
		return bad(key, value, "an absolute path")
	}
	return nil
}

func limit(key string, value json.RawMessage, most int, to *int) error {
	if json.Unmarshal(value, to) != nil || *to < 1 || *to > most {
		return bad(key, value, fmt.Sprintf("a whole number from 1 to %d", most))
	}
	return nil
}

// eachItem hands the items of a list to add, which tells whether it takes them.
func eachItem(key string, value json.RawMessage, expected string, add func(any) bool) error {
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber()
	var items []any
	if d.Decode(&items) != nil {
		return bad(key, value, "a list") // null is an empty one: that is how Falco hands it on
	}
	for _, item := range items {
		if !add(item) {
			got, _ := json.Marshal(item)
			return bad(key, got, "each item to be "+expected)
		}
	}
	return nil
}
