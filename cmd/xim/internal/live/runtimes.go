package live

import (
	"slices"
	"strings"

	"github.com/xim-monitor/xim/plugin/flow"
)

// What container runtimes do in the course of their work, as the macro
// xim_runtime_flows of rules/xim_rules.yaml has it; a test holds the two together. Each
// asks that the host be the only writer, or the reader, and for the path as the host
// sees it: both are out of a container's reach.
var (
	// A container is held back until the other side of a named pipe was opened: runc
	// reads it on the host, crun writes it there. And crun hands the container its
	// system call filter as a file.
	startReadBelow = []string{
		"/run/containerd/runc/", "/run/docker/runtime-runc/",
		"/var/run/docker/runtime-runc/", "/run/runc/",
	}
	startReadEnds  = []string{"/exec.fifo"}
	startWroteAt   = []string{"/run/crun/"}
	startWroteEnds = []string{"/exec.fifo", "/seccomp.bpf"}

	// The names and resolvers that a runtime writes for each container it makes.
	networkFiles      = []string{"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
	networkWroteBelow = []string{
		"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/", "/var/lib/docker/containers/",
		"/var/lib/containers/storage/overlay-containers/", "/run/containers/storage/overlay-containers/",
	}

	kubeletPods = "/var/lib/kubelet/pods/"
	hostsEnd    = "/etc-hosts"

	// Secrets, config maps and tokens, which the kubelet puts into a pod's volumes.
	volumes = []string{
		"/volumes/kubernetes.io~secret/", "/volumes/kubernetes.io~configmap/",
		"/volumes/kubernetes.io~projected/", "/volumes/kubernetes.io~downward-api/",
	}

	// A container's last words, which the kubelet shows as the reason for its end.
	kubelets     = []string{"kubelet", "k3s-server", "kubelite"}
	messagesHave = "/containers/"
)

// ofRuntimes tells whether a read is a runtime's own doing.
func ofRuntimes(v *flow.Verdict, process string) bool {
	if v.ReaderDomain(flow.Pod) == flow.HostName {
		if startsWith(v.Path, startReadBelow) && endsWith(v.Path, startReadEnds) {
			return true
		}
		if slices.Contains(kubelets, process) && strings.HasPrefix(v.Path, kubeletPods) && strings.Contains(v.Path, messagesHave) {
			return true
		}
	}
	writers := v.Crossing(flow.Pod).Writers
	if len(writers) != 1 || writers[0].Domain != flow.HostName {
		return false
	}
	wrote := writers[0].Path()
	inPods := strings.HasPrefix(wrote, kubeletPods)
	return startsWith(wrote, startWroteAt) && endsWith(wrote, startWroteEnds) ||
		slices.Contains(networkFiles, v.Path) && (startsWith(wrote, networkWroteBelow) || inPods && strings.HasSuffix(wrote, hostsEnd)) ||
		inPods && slices.ContainsFunc(volumes, func(part string) bool { return strings.Contains(wrote, part) })
}

func startsWith(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func endsWith(s string, suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(p string) bool { return strings.HasSuffix(s, p) })
}
