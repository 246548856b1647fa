package scap

import "encoding/json"

// Container is what the container plugin tells about a container. Fields left out are
// written as empty as that plugin itself does in its early, poor events.
type Container struct {
	ID        string // 64 hex digits, see [ID]
	Name      string
	Image     string
	Type      int // the runtime: 7, CRI, if left out; 11 is Podman
	Sandbox   bool
	SandboxID string
	Labels    map[string]string
	// SandboxLabels are those of the pod's sandbox, on any container of the pod.
	SandboxLabels map[string]string
}

// PodLabels are the labels by which Kubernetes names a pod.
func PodLabels(namespace, name, uid string) map[string]string {
	return map[string]string{
		"io.kubernetes.pod.namespace": namespace,
		"io.kubernetes.pod.name":      name,
		"io.kubernetes.pod.uid":       uid,
	}
}

// Container adds the container plugin's event of a container that it has learnt about.
func (w *Writer) Container(c Container) int {
	return w.Async("container", c.JSON())
}

// ContainerRemoved adds its event of a container that is gone.
func (w *Writer) ContainerRemoved(c Container) int {
	return w.Async("container_removed", c.JSON())
}

// Async adds an event of a plugin. data is sent with a NUL behind it, as the container
// plugin's JSON is; for any other use [Writer.Raw].
func (w *Writer) Async(name, data string) int {
	const pluginID, tid = 0, 0
	return w.Raw(EvAsync, tid, U32(pluginID), Str(name), Str(data))
}

// JSON is the container as the container plugin writes it, but for what nobody here
// reads.
func (c Container) JSON() string {
	const cri = 7
	if c.Type == 0 {
		c.Type = cri
	}
	type body struct {
		Type          int               `json:"type"`
		ID            string            `json:"id"`
		Name          string            `json:"name"`
		Image         string            `json:"image"`
		CreatedTime   int64             `json:"created_time"`
		Env           []string          `json:"env"`
		FullID        string            `json:"full_id"`
		IsPodSandbox  bool              `json:"is_pod_sandbox"`
		Labels        map[string]string `json:"labels"`
		PodSandboxID  string            `json:"pod_sandbox_id"`
		SandboxLabels map[string]string `json:"pod_sandbox_labels"`
		PortMappings  []string          `json:"port_mappings"`
		Mounts        []string          `json:"Mounts"`
	}
	b, err := json.Marshal(map[string]body{"container": {
		Type: c.Type, ID: c.ID[:min(len(c.ID), 12)], FullID: c.ID, Name: c.Name, Image: c.Image,
		CreatedTime: Start.Unix(), IsPodSandbox: c.Sandbox, Labels: c.Labels,
		PodSandboxID: c.SandboxID, SandboxLabels: c.SandboxLabels,
	}})
	if err != nil {
		panic(err) // strings, numbers and maps of strings cannot fail
	}
	return string(b)
}
