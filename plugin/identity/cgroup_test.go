package identity

import (
	"strings"
	"testing"
)

const (
	id   = "605439acbd4fb18c145069289094b17f17e0cfa938f78012d4960bc797305f22"
	id2  = "73bfe475650de66df8e2affdc98d440dcbe84f8df83b6f75a68a82eb7026136a"
	uid  = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa"
	uid_ = "ac04f3f2_1f2c_11e9_b015_1ebee232acfa"
	uid2 = "63b3ebfc-2890-11e9-8154-16bf8ef8d9dc"
	hash = "bd12dd3393227d950605a2444b13c27a" // a pod from a manifest file

	short1 = "605439acbd4f"
	short2 = "73bfe475650d"
)

var cgroups = []struct {
	what string
	path string
	want Container
}{
	// Kubernetes, cgroups made by the runtime.
	{"containerd", "/kubepods/besteffort/pod" + uid + "/" + id, Container{short1, uid}},
	{"guaranteed class", "/kubepods/pod" + uid + "/" + id, Container{short1, uid}},
	{"manifest file", "/kubepods/burstable/pod" + hash + "/" + id, Container{short1, hash}},
	{"cri-o", "/kubepods/besteffort/pod" + uid + "/crio-" + id, Container{short1, uid}},
	{"below another root", "/some/kubepods/pod" + uid + "/" + id, Container{short1, uid}},
	{"as seen from another cgroup namespace", "/../../pod" + uid + "/" + id, Container{short1, uid}},
	{"told systemd's name, not systemd",
		"/system.slice/containerd.service/kubepods-besteffort-pod" + uid_ + ".slice:cri-containerd:" + id, Container{short1, uid}},
	{"the same, manifest file", "/kubepods-burstable-pod" + hash + ".slice:cri-containerd:" + id, Container{short1, hash}},

	// Kubernetes, cgroups made by systemd.
	{"containerd", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/cri-containerd-" + id + ".scope", Container{short1, uid}},
	{"guaranteed class", "/kubepods.slice/kubepods-pod" + uid_ + ".slice/cri-containerd-" + id + ".scope", Container{short1, uid}},
	{"manifest file", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + hash + ".slice/cri-containerd-" + id + ".scope", Container{short1, hash}},
	{"cri-o", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/crio-" + id + ".scope", Container{short1, uid}},
	{"cri-o, crun's own level", "/kubepods.slice/kubepods-pod" + uid_ + ".slice/crio-" + id + ".scope/container", Container{short1, uid}},
	{"cri-dockerd", "/kubepods.slice/kubepods-pod" + uid_ + ".slice/docker-" + id + ".scope", Container{short1, uid}},
	{"kind: a node that is a container",
		"/docker/" + id2 + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + uid_ + ".slice/cri-containerd-" + id + ".scope", Container{short1, uid}},

	// Without Kubernetes.
	{"docker", "/docker/" + id, Container{short1, ""}},
	{"docker, systemd", "/system.slice/docker-" + id + ".scope", Container{short1, ""}},
	{"docker, other slice", "/docker.slice/docker-" + id + ".scope", Container{short1, ""}},
	{"podman", "/libpod_parent/libpod-" + id, Container{short1, ""}},
	{"podman, systemd", "/machine.slice/libpod-" + id + ".scope", Container{short1, ""}},
	{"podman, crun's own level", "/machine.slice/libpod-" + id + ".scope/container", Container{short1, ""}},
	{"podman, in podman's pod", "/machine.slice/machine-libpod_pod_" + id2 + ".slice/libpod-" + id + ".scope", Container{short1, ""}},
	{"podman, in podman's pod, no systemd", "/libpod_parent/" + id2 + "/libpod-" + id, Container{short1, ""}},
	{"podman, rootless", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope", Container{short1, ""}},
	{"podman, a service's cgroup split", "/system.slice/ceph@mon.service/libpod-payload-" + id, Container{short1, ""}},
	{"the same, systemd", "/system.slice/ceph@mon.service/libpod-payload-" + id + ".scope", Container{short1, ""}},
	{"containerd's namespace", "/default/" + id, Container{short1, ""}},
	{"nerdctl, systemd", "/system.slice/nerdctl-" + id + ".scope", Container{short1, ""}},
	{"told systemd's name, not systemd", "/system.slice:docker:" + id, Container{short1, ""}},
	{"runc by hand", "/user.slice/runc-" + id + ".scope", Container{short1, ""}},
	{"gone before its last thread", "/docker/" + id + " (deleted)", Container{short1, ""}},
	{"gone before its last thread, systemd", "/system.slice/docker-" + id + ".scope (deleted)", Container{short1, ""}},
	{"without a slash", id, Container{short1, ""}},
	{"slash at the end", "/docker/" + id + "/", Container{short1, ""}},

	// What runs below a container's cgroup is in it.
	{"systemd in it", "/docker/" + id + "/init.scope", Container{short1, ""}},
	{"a unit in it", "/system.slice/docker-" + id + ".scope/system.slice/foo.service", Container{short1, ""}},
	{"a unit in a pod", "/kubepods/pod" + uid + "/" + id + "/system.slice/foo.service", Container{short1, uid}},
	{"a build in docker's builder", "/docker/" + id + "/buildkit/xk6gnd3rpu9vpcxyhl2dt6g1c", Container{short1, ""}},
	{"a monitor in it", "/docker/" + id + "/libpod_parent/libpod-conmon-" + id2, Container{short1, ""}},
	{"a pod's own cgroup in it", "/docker/" + id + "/kubepods/pod" + uid, Container{short1, ""}},

	// The innermost container, and the innermost pod around it.
	{"docker in docker", "/docker/" + id2 + "/docker/" + id, Container{short1, ""}},
	{"docker in a pod", "/kubepods/pod" + uid + "/" + id2 + "/docker/" + id, Container{short1, uid}},
	{"Kubernetes in a pod", "/kubepods/pod" + uid2 + "/" + id2 + "/docker/" + id2 + "/kubepods/pod" + uid + "/" + id, Container{short1, uid}},

	// No container.
	{"empty", "", Container{}},
	{"root", "/", Container{}},
	{"init", "/init.scope", Container{}},
	{"a service", "/system.slice/cron.service", Container{}},
	{"a login", "/user.slice/user-1000.slice/session-4.scope", Container{}},
	{"a user's manager", "/user.slice/user-1000.slice/user@1000.service/init.scope", Container{}},
	{"systemd-run, 32 digits", "/system.slice/run-r" + hash + ".scope", Container{}},
	{"32 digits", "/docker/" + hash, Container{}},
	{"63 digits", "/docker/" + id[1:], Container{}},
	{"65 digits", "/docker/" + id + "0", Container{}},
	{"128 digits", "/docker/" + id + id2, Container{}},
	{"upper case", "/docker/" + strings.ToUpper(id), Container{}},
	{"no digits", "/docker/" + id[:63] + "g", Container{}},
	{"a name given by hand", "/default/web", Container{}},
	{"podman's health check", "/system.slice/" + id + ".service", Container{}},
	{"nobody's scope", "/system.slice/" + id + ".scope", Container{}},
	{"an unknown prefix", "/system.slice/backup-" + id + ".scope", Container{}},
	{"a known prefix, doubled", "/system.slice/my-docker-" + id + ".scope", Container{}},
	{"a dash alone", "/system.slice/-" + id + ".scope", Container{}},
	{"a slice", "/docker-" + id + ".slice", Container{}},
	{"one colon", "/docker:" + id, Container{}},
	{"colons, unknown", "/system.slice:backup:" + id, Container{}},
	{"colons and a scope", "/system.slice:docker:" + id + ".scope", Container{}},
	{"cri-o's monitor", "/kubepods.slice/kubepods-pod" + uid_ + ".slice/crio-conmon-" + id + ".scope", Container{}},
	{"podman's monitor", "/machine.slice/libpod-conmon-" + id + ".scope", Container{}},
	{"podman's pod itself", "/machine.slice/machine-libpod_pod_" + id + ".slice", Container{}},
	{"a build", "/system.slice/docker-buildkit-xk6gnd3rpu9vpcxyhl2dt6g1c.scope", Container{}},
	{"a class of pods", "/kubepods.slice/kubepods-besteffort.slice", Container{}},
	{"a pod itself", "/kubepods/besteffort/pod" + uid, Container{}},
	{"a pod itself, systemd", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice", Container{}},

	// A container, but not in a pod.
	{"a uid without its form", "/pod" + uid[1:] + "/" + id, Container{short1, ""}},
	{"a uid of other separators", "/pod" + uid_ + "/" + id, Container{short1, ""}},
	{"another's slice", "/x-pod" + uid_ + ".slice/" + id, Container{short1, ""}},
}

func TestFromCgroup(t *testing.T) {
	for _, tt := range cgroups {
		got, ok := FromCgroup(tt.path)
		if got != tt.want || ok != (tt.want.ID != "") {
			t.Errorf("%s: FromCgroup(%q) = %+v, %v; want %+v", tt.what, tt.path, got, ok, tt.want)
		}
	}
}

func TestFromCgroupAllocatesNothingForNone(t *testing.T) {
	for _, tt := range cgroups {
		if tt.want.ID != "" {
			continue
		}
		if n := testing.AllocsPerRun(10, func() { FromCgroup(tt.path) }); n != 0 {
			t.Errorf("%s: %v allocations for %q", tt.what, n, tt.path)
		}
	}
}

func BenchmarkFromCgroup(b *testing.B) {
	for _, path := range []string{cgroups[0].path, "/user.slice/user-1000.slice/session-4.scope"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				FromCgroup(path)
			}
		})
	}
}

func FuzzFromCgroup(f *testing.F) {
	for _, tt := range cgroups {
		f.Add(tt.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, ok := FromCgroup(path)
		if !ok {
			if got != (Container{}) {
				t.Fatalf("no container, but %+v", got)
			}
			return
		}
		if len(got.ID) != shortIDLen || !isHex(got.ID) || !strings.Contains(path, got.ID) {
			t.Fatalf("id %q of %q", got.ID, path)
		}
		if got.PodUID != "" && !isUID(got.PodUID, '-') {
			t.Fatalf("pod uid %q of %q", got.PodUID, path)
		}
		// What a container does below its own cgroup does not lead out of it.
		if below, _ := FromCgroup(strings.TrimSuffix(path, " (deleted)") + "/init.scope"); below != got {
			t.Fatalf("%+v below %q, which is %+v", below, path, got)
		}
	})
}
