package containers

import (
	"context"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A Pod is a Kubernetes pod as a node knows it. It is named by its uid: two namespaces
// may have pods of one name, and so has one namespace, one after the other.
type Pod struct {
	Namespace, Name, UID string

	rt      *Runtime
	sandbox string // the id of the container that holds its namespaces
	config  *cri.PodSandboxConfig
}

// Pod starts a pod without containers, on the host's network.
func (rt *Runtime) Pod(namespace, name string) *Pod {
	rt.t.Helper()
	uid := newUID()
	p := &Pod{
		Namespace: namespace, Name: name, UID: uid, rt: rt,
		config: &cri.PodSandboxConfig{
			Metadata: &cri.PodSandboxMetadata{Namespace: namespace, Name: name, Uid: uid},
			Labels: map[string]string{
				"io.kubernetes.pod.namespace": namespace,
				"io.kubernetes.pod.name":      name,
				"io.kubernetes.pod.uid":       uid,
			},
			// Else it is the host's, which may be kept below /run.
			DnsConfig: &cri.DNSConfig{Servers: []string{"127.0.0.1"}},
			Linux: &cri.LinuxPodSandboxConfig{
				CgroupParent: rt.cgroup + "/kubepods/besteffort/pod" + uid,
				SecurityContext: &cri.LinuxSandboxSecurityContext{
					NamespaceOptions: hostNetwork(),
				},
			},
		},
	}
	ctx, cancel := rt.bounded()
	defer cancel()
	r, err := rt.pods.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: p.config})
	if err != nil {
		rt.t.Fatalf("start pod %s/%s: %v", namespace, name, err)
	}
	p.sandbox = r.PodSandboxId
	return p
}

// Container starts a container in the pod. Its first process is the command in args,
// or without one a sleep that waits for Exec.
func (p *Pod) Container(name string, mounts []Mount, args ...string) *Container {
	p.rt.t.Helper()
	config := &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: name},
		Image:    &cri.ImageSpec{Image: imageRef},
		Command:  args,
		Labels:   map[string]string{"io.kubernetes.container.name": name},
		Linux: &cri.LinuxContainerConfig{
			SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: hostNetwork()},
		},
	}
	for key, value := range p.config.Labels {
		config.Labels[key] = value
	}
	for _, m := range mounts {
		config.Mounts = append(config.Mounts, &cri.Mount{
			HostPath: m.Source, ContainerPath: m.Target, Readonly: m.ReadOnly,
		})
	}
	ctx, cancel := p.rt.bounded()
	defer cancel()
	created, err := p.rt.pods.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId: p.sandbox, Config: config, SandboxConfig: p.config,
	})
	if err == nil {
		_, err = p.rt.pods.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: created.ContainerId})
	}
	if err != nil {
		p.rt.t.Fatalf("start container %s of pod %s/%s: %v", name, p.Namespace, p.Name, err)
	}
	return &Container{
		ID: created.ContainerId, Cgroup: p.config.Linux.CgroupParent + "/" + created.ContainerId,
		rt: p.rt, engine: podEngine{p.rt.pods},
	}
}

// Stop kills the pod's containers, and removes it.
func (p *Pod) Stop() {
	p.rt.t.Helper()
	ctx, cancel := p.rt.bounded()
	defer cancel()
	_, err := p.rt.pods.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: p.sandbox})
	if err == nil {
		_, err = p.rt.pods.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: p.sandbox})
	}
	if err != nil {
		p.rt.t.Fatalf("stop pod %s/%s: %v", p.Namespace, p.Name, err)
	}
}

// podEngine reaches the containers in pods through the CRI.
type podEngine struct{ client cri.RuntimeServiceClient }

var _ engine = podEngine{}

func (e podEngine) exec(ctx context.Context, id string, args []string) (result, error) {
	r, err := e.client.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: id, Cmd: args})
	return result{r.GetStdout(), r.GetStderr(), int(r.GetExitCode())}, err
}

func (e podEngine) stop(ctx context.Context, id string) error {
	const now = 0 // seconds
	_, err := e.client.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: id, Timeout: now})
	if err == nil {
		_, err = e.client.RemoveContainer(ctx, &cri.RemoveContainerRequest{ContainerId: id})
	}
	return err
}

// hostNetwork spares a network of the pod's own; the rest is Kubernetes' default.
func hostNetwork() *cri.NamespaceOption {
	return &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_CONTAINER}
}

// newUID makes up a uid in Kubernetes' form.
func newUID() string {
	x := randomHex(30)
	return x[:8] + "-" + x[8:12] + "-4" + x[12:15] + "-a" + x[15:18] + "-" + x[18:]
}
