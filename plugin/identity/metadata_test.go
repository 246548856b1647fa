package identity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const podLabels = `"io.kubernetes.pod.name":"ran-ctl","io.kubernetes.pod.namespace":"oran","io.kubernetes.pod.uid":"` + uid + `"`

var descriptions = []struct {
	what string
	data string
	want Metadata
}{
	{"a pod's sandbox, by containerd",
		`{"container":{"type":7,"id":"605439acbd4f","name":"605439acbd4f","image":"docker.io/library/pause:1","cpu_shares":2,"env":["PATH=/bin"],
			"full_id":"` + id + `","is_pod_sandbox":true,"labels":{"io.cri-containerd.kind":"sandbox",` + podLabels + `},
			"pod_sandbox_id":"` + id + `","pod_sandbox_labels":{"name":"ran-ctl_oran_0"},"port_mappings":null}}` + "\x00",
		Metadata{ID: short1, FullID: id, Name: short1, Image: "docker.io/library/pause:1", Type: "containerd",
			Sandbox: true, SandboxID: short1, PodUID: uid, PodName: "ran-ctl", PodNamespace: "oran"}},
	{"its second, poorer event",
		`{"container":{"type":7,"id":"605439acbd4f","name":"","image":"","env":null,"full_id":"` + id + `","is_pod_sandbox":true,
			"labels":null,"pod_sandbox_id":"","pod_sandbox_labels":null,"Mounts":null}}` + "\x00",
		Metadata{ID: short1, FullID: id, Type: "containerd", Sandbox: true}},
	{"a container in the pod, by CRI",
		`{"container":{"type":6,"id":"73bfe475650d","full_id":"` + id2 + `","name":"main","image":"box:1","is_pod_sandbox":false,
			"labels":{"io.kubernetes.container.name":"main"},"pod_sandbox_id":"` + id + `","pod_sandbox_labels":{` + podLabels + `}}}`,
		Metadata{ID: short2, FullID: id2, Name: "main", Image: "box:1", Type: "cri", SandboxID: short1,
			PodUID: uid, PodName: "ran-ctl", PodNamespace: "oran"}},
	{"its image's labels do not count against the sandbox's",
		`{"container":{"type":8,"id":"73bfe475650d","labels":{"io.kubernetes.pod.uid":"stolen","io.kubernetes.pod.name":"stolen"},
			"pod_sandbox_labels":{` + podLabels + `}}}`,
		Metadata{ID: short2, Type: "cri-o", PodUID: uid, PodName: "ran-ctl", PodNamespace: "oran"}},
	{"a label is known by its exact name",
		`{"container":{"id":"73bfe475650d","labels":{"io.kubernetes.pod.UID":"stolen","IO.kubernetes.pod.name":"stolen"}}}`,
		Metadata{ID: short2}},
	{"a container that went", `{"container":{"id":"605439acbd4f"}}` + "\x00", Metadata{ID: short1}},
	{"no short id", `{"container":{"full_id":"` + id + `"}}`, Metadata{ID: short1, FullID: id}},
	{"a long one", `{"container":{"id":"` + id + `"}}`, Metadata{ID: short1}},
	{"a name for an id", `{"container":{"id":"web","type":0}}`, Metadata{ID: "web", Type: "docker"}},
	{"a runtime of the future", `{"container":{"id":"web","type":99}}`, Metadata{ID: "web", Type: "99"}},
	{"no runtime", `{"container":{"id":"web","type":65535}}`, Metadata{ID: "web"}},
	{"null is absent", `{"container":{"id":"web","type":null,"name":null,"is_pod_sandbox":null,"labels":{"io.kubernetes.pod.name":null}}}`, Metadata{ID: "web"}},
	{"what is not used may be anything", `{"container":{"id":"web","env":5,"labels":{"a":[1]},"ID":7},"x":null}`, Metadata{ID: "web"}},
	{"nothing counts after the NUL", `{"container":{"id":"web"}}` + "\x00{", Metadata{ID: "web"}},
}

func TestParseMetadata(t *testing.T) {
	for _, tt := range descriptions {
		got, err := ParseMetadata([]byte(tt.data))
		if err != nil || got != tt.want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", tt.what, got, err, tt.want)
		}
	}
}

func TestParseMetadataErrors(t *testing.T) {
	for _, tt := range []struct{ data, want string }{
		{"", "unexpected end of JSON input"},
		{"\x00" + `{"container":{"id":"web"}}`, "unexpected end of JSON input"},
		{`{"container":{"id":"we`, "unexpected end of JSON input"},
		{`{"container":{"id":"web"}}}`, "invalid character '}' after top-level value"},
		{`[]`, "array, want an object"},
		{`null`, `no member "container"`},
		{`{}`, `no member "container"`},
		{`{"container":"web"}`, `"container": string, want an object`},
		{`{"container":null}`, `"container" has neither "id" nor "full_id"`},
		{`{"container":{"id":"","full_id":null}}`, `"container" has neither "id" nor "full_id"`},
		{`{"container":{"id":5}}`, `"container.id": number, want a string`},
		{`{"container":{"id":"web","type":"docker"}}`, `"container.type": string, want a whole number`},
		{`{"container":{"id":"web","type":1.5}}`, `"container.type": number 1.5, want a whole number`},
		{`{"container":{"id":"web","is_pod_sandbox":"yes"}}`, `"container.is_pod_sandbox": string, want a boolean`},
		{`{"container":{"id":"web","labels":[]}}`, `"container.labels": array, want an object`},
		{`{"container":{"id":"web","labels":{"io.kubernetes.pod.uid":{}}}}`, `"container.labels.io.kubernetes.pod.uid": object, want a string`},
		{`{"container":{"id":"web","pod_sandbox_labels":7}}`, `"container.pod_sandbox_labels": number, want an object`},
		{strings.Repeat(" ", MaxMetadata+1), fmt.Sprintf("%d bytes, at most %d are read", MaxMetadata+1, MaxMetadata)},
		{strings.Repeat("[", MaxMetadata), "invalid character '[' exceeded max depth"},
	} {
		got, err := ParseMetadata([]byte(tt.data))
		if err == nil {
			t.Errorf("%.80q: no error, but %+v", tt.data, got)
			continue
		}
		if want := "container metadata: " + tt.want; err.Error() != want {
			t.Errorf("%.80q:\n got %s\nwant %s", tt.data, err, want)
		}
		if got != (Metadata{}) {
			t.Errorf("%.80q: %+v beside the error", tt.data, got)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	for _, tt := range descriptions {
		f.Add([]byte(tt.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		m, err := ParseMetadata(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the data were changed")
		}
		if err != nil {
			if m != (Metadata{}) {
				t.Fatalf("%+v beside %v", m, err)
			}
			return
		}
		if m.ID == "" || len(m.ID) > shortIDLen || len(m.SandboxID) > shortIDLen {
			t.Fatalf("ids of %+v", m)
		}
		if !json.Valid(bytes.SplitN(data, []byte{0}, 2)[0]) {
			t.Fatalf("%+v from what is not JSON", m)
		}
	})
}
