package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxMetadata is the longest description ParseMetadata takes, in bytes. Those of
// Kubernetes' containers are 2 to 20 KiB, most of it mounts and environment.
const MaxMetadata = 1 << 20

// The labels by which Kubernetes' runtimes know a container's pod.
const (
	labelPodName      = "io.kubernetes.pod.name"
	labelPodNamespace = "io.kubernetes.pod.namespace"
	labelPodUID       = "io.kubernetes.pod.uid"
)

// Metadata is one container's description, from the container plugin's async
// events. Any member but ID may be empty: a later event may tell less than an
// earlier one, and that one which says that a container went tells little else.
type Metadata struct {
	ID     string // at most 12 bytes
	FullID string
	Name   string
	Image  string
	Type   string // the runtime: docker, containerd, cri-o, podman, ...

	Sandbox   bool   // the container that only holds a pod's namespaces
	SandboxID string // at most 12 bytes

	// From the labels: see the package's comment on how far to believe them.
	PodUID       string
	PodName      string
	PodNamespace string
}

// The container plugin's numbers for the runtimes.
var runtimes = map[int64]string{
	0: "docker", 1: "lxc", 2: "libvirt-lxc", 3: "mesos", 4: "rkt", 5: "custom",
	6: "cri", 7: "containerd", 8: "cri-o", 9: "bpm", 10: "static", 11: "podman",
	0xfffe: "host", 0xffff: "",
}

// ParseMetadata reads the data of a "container" or a "container_removed" event: a
// JSON object, up to the first NUL or the end. Members it has no use for may be
// anything; null is as good as absent.
func ParseMetadata(data []byte) (Metadata, error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		data = data[:i]
	}
	if len(data) > MaxMetadata {
		return Metadata{}, fmt.Errorf("container metadata: %d bytes, at most %d are read", len(data), MaxMetadata)
	}
	m, err := parseMetadata(data)
	if err != nil {
		return Metadata{}, fmt.Errorf("container metadata: %w", err)
	}
	return m, nil
}

func parseMetadata(data []byte) (Metadata, error) {
	// Maps, since encoding/json does not tell "ID" from "id" in a struct, and labels
	// are written by others.
	top, err := decode[map[string]json.RawMessage](data, "an object")
	if err != nil {
		return Metadata{}, err
	}
	raw, ok := top["container"]
	if !ok {
		return Metadata{}, errors.New(`no member "container"`)
	}
	c := object{name: "container"}
	c.members, err = decode[map[string]json.RawMessage](raw, "an object")
	if err != nil {
		return Metadata{}, fmt.Errorf(`"container": %w`, err)
	}

	m := Metadata{
		ID:        member[string](&c, "id", "a string"),
		FullID:    member[string](&c, "full_id", "a string"),
		Name:      member[string](&c, "name", "a string"),
		Image:     member[string](&c, "image", "a string"),
		Type:      runtimeName(&c),
		Sandbox:   member[bool](&c, "is_pod_sandbox", "a boolean"),
		SandboxID: short(member[string](&c, "pod_sandbox_id", "a string")),
	}
	// The sandbox's labels are Kubernetes' own; a container's may be its image's.
	for _, from := range [...]string{"pod_sandbox_labels", "labels"} {
		labels := object{
			name:    c.name + "." + from,
			members: member[map[string]json.RawMessage](&c, from, "an object"),
			err:     c.err,
		}
		m.PodUID = member[string](&labels, labelPodUID, "a string")
		m.PodName = member[string](&labels, labelPodName, "a string")
		m.PodNamespace = member[string](&labels, labelPodNamespace, "a string")
		c.err = labels.err
		if m.PodUID != "" || m.PodName != "" {
			break
		}
	}
	if c.err != nil {
		return Metadata{}, c.err
	}
	if m.ID == "" {
		m.ID = m.FullID
	}
	if m.ID = short(m.ID); m.ID == "" {
		return Metadata{}, errors.New(`"container" has neither "id" nor "full_id"`)
	}
	return m, nil
}

// An object is a JSON object whose members are read one by one. After the first
// error it has no members.
type object struct {
	name    string
	members map[string]json.RawMessage
	err     error
}

// member reads one member, its zero value where it is absent or null.
func member[T any](o *object, name, want string) T {
	var zero T
	raw, ok := o.members[name]
	if !ok || o.err != nil {
		return zero
	}
	v, err := decode[T](raw, want)
	if err != nil {
		o.err = fmt.Errorf("%q: %w", o.name+"."+name, err)
		return zero
	}
	return v
}

func runtimeName(c *object) string {
	n := member[*int64](c, "type", "a whole number")
	if n == nil {
		return ""
	}
	if name, ok := runtimes[*n]; ok {
		return name
	}
	return strconv.FormatInt(*n, 10)
}

// decode says what it found where that is not what is wanted.
func decode[T any](data []byte, want string) (T, error) {
	var v T
	err := json.Unmarshal(data, &v)
	if err == nil {
		return v, nil
	}
	var zero T
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return zero, fmt.Errorf("%s, want %s", wrong.Value, want)
	}
	return zero, err
}

func short(id string) string {
	// A copy, since an id is kept long after its description is gone.
	return strings.Clone(id[:min(len(id), shortIDLen)])
}
