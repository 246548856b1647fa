package containers

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/xim-monitor/xim/plugin/identity"
)

// A plain container and two pods of one name hand a file around. Each reads what the
// one before it wrote, and each is the one that its cgroup says.
func TestContainersAndPods(t *testing.T) {
	rt := Start(t)
	shared := []Mount{{Source: t.TempDir(), Target: "/shared"}}
	blue, green := rt.Pod("blue", "shop"), rt.Pod("green", "shop")
	ring := []struct {
		name      string
		container *Container
		uid       string
	}{
		{"plain", rt.Container(shared), ""},
		{"blue/shop", blue.Container("app", shared), blue.UID},
		{"green/shop", green.Container("app", shared), green.UID},
	}

	for i, writer := range ring {
		reader := ring[(i+1)%len(ring)]
		write := fmt.Sprintf("echo from %s >/shared/file", writer.name)
		if _, err := writer.container.Exec("sh", "-c", write); err != nil {
			t.Fatal(err)
		}
		got, err := reader.container.Exec("cat", "/shared/file")
		if want := "from " + writer.name + "\n"; got != want || err != nil {
			t.Errorf("%s reads %q, %v; want %q", reader.name, got, err, want)
		}
	}

	for _, member := range ring {
		pids := member.container.PIDs()
		if len(pids) != 1 {
			t.Fatalf("%s has the processes %d, want one that waits", member.name, pids)
		}
		want := identity.Container{ID: member.container.ID[:12], PodUID: member.uid}
		if got := identify(t, pids[0]); len(got) != 1 || !got[want] {
			t.Errorf("%s is %+v by its cgroups, want %+v alone", member.name, got, want)
		}
	}

	t.Run("names by CRI", func(t *testing.T) {
		want := map[string]string{blue.UID: "blue/shop", green.UID: "green/shop"}
		if got := podNames(t, rt.CRISocket()); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the CRI knows %v, want %v", got, want)
		}
	})
	t.Run("a command that fails", func(t *testing.T) {
		for _, member := range ring {
			out, err := member.container.Exec("sh", "-c", "echo half; echo the reason >&2; exit 3")
			if out != "half\n" || err == nil || !strings.HasSuffix(err.Error(), "exit status 3: the reason") {
				t.Errorf("%s: %q, %v", member.name, out, err)
			}
		}
	})
}

// A container ends with its command; one that waits ends when it is stopped, and a pod
// with all in it. Another pod may then have its name.
func TestEnd(t *testing.T) {
	rt := Start(t)
	dir := t.TempDir()
	shared := []Mount{{Source: dir, Target: "/shared"}}
	pod := rt.Pod("blue", "shop")

	for name, once := range map[string]*Container{
		"plain": rt.Container(shared, "sh", "-c", "echo plain >/shared/plain"),
		"pod":   pod.Container("once", shared, "sh", "-c", "echo pod >/shared/pod"),
	} {
		once.Wait()
		once.Stop()
		if got, err := os.ReadFile(dir + "/" + name); string(got) != name+"\n" {
			t.Errorf("%s wrote %q, %v", name, got, err)
		}
	}

	plain, first, second := rt.Container(nil), pod.Container("first", nil), pod.Container("second", nil)
	plain.Stop()
	first.Stop()
	if got := len(plain.PIDs()) + len(first.PIDs()); got != 0 {
		t.Errorf("%d processes in stopped containers", got)
	}
	if got := len(second.PIDs()); got != 1 {
		t.Errorf("%d processes in the container that still waits, want 1", got)
	}
	pod.Stop()
	if got := len(second.PIDs()); got != 0 {
		t.Errorf("%d processes in a container of a stopped pod", got)
	}
	if again := rt.Pod("blue", "shop"); again.UID == pod.UID {
		t.Errorf("two pods have the uid %s", pod.UID)
	}
}

// identify returns the containers that the cgroups of a process tell of. There are
// cgroups besides, in hierarchies that the runtime does not use.
func identify(t *testing.T, pid int) map[identity.Container]bool {
	t.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := make(map[identity.Container]bool)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		column := strings.SplitN(lines.Text(), ":", 3)
		if c, ok := identity.FromCgroup(column[len(column)-1]); ok {
			found[c] = true
		}
	}
	return found
}

// podNames asks for the pods as the product does, and returns namespace/name by uid.
func podNames(t *testing.T, socket string) map[string]string {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	list, err := cri.NewRuntimeServiceClient(conn).ListPodSandbox(t.Context(), &cri.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	for _, pod := range list.Items {
		names[pod.Metadata.Uid] = pod.Metadata.Namespace + "/" + pod.Metadata.Name
	}
	return names
}
