package cri

import (
	"io/fs"
	"os"
	"path/filepath"
)

// sockets are where runtimes listen if nobody told them otherwise. Docker's comes first
// of those that can be side by side: cri-dockerd brings its own, while the containerd
// below Docker knows of no pod.
var sockets = []string{
	"/run/cri-dockerd.sock",
	"/run/crio/crio.sock",
	"/run/k3s/containerd/containerd.sock",
	"/run/k0s/containerd.sock",
	"/var/snap/microk8s/common/run/containerd.sock",
	"/run/host-containerd/containerd.sock", // Bottlerocket's, beside that of its own tools
	"/run/containerd/containerd.sock",
}

// Socket finds the socket of this machine's container runtime, "" for none. Where
// HOST_ROOT is set it is looked for below that, as Falco does in a container.
func Socket() string { return socketBelow(os.Getenv("HOST_ROOT")) }

func socketBelow(root string) string {
	for _, path := range sockets {
		path = filepath.Join("/", root, path)
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
			return path
		}
	}
	return ""
}
