package cri

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/xim-monitor/xim/plugin/flow"
)

var (
	errUnknown = errors.New("the container runtime knows no such container")
	errNoName  = errors.New("the container runtime names a pod as Kubernetes cannot: it stays unnamed")
)

// maxName is the longest name of anything in Kubernetes, in bytes.
const maxName = 253

// find asks for the pod of the container whose id begins so. That may be a sandbox:
// the container that holds a pod's namespaces is none to the CRI.
func (n *Names) find(ctx context.Context, container string) (flow.Description, error) {
	sandbox := container
	// Every runtime takes the beginning of an id in a filter; crictl lives by that.
	containers, err := n.runtime.ListContainers(ctx, &runtime.ListContainersRequest{
		Filter: &runtime.ContainerFilter{Id: container},
	})
	if c, err := only(containers.GetContainers(), container, err); err == nil {
		sandbox = c.PodSandboxId
	} else if !errors.Is(err, errUnknown) {
		return flow.Description{}, err
	}
	pods, err := n.runtime.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{
		Filter: &runtime.PodSandboxFilter{Id: sandbox},
	})
	pod, err := only(pods.GetItems(), sandbox, err)
	if err != nil {
		return flow.Description{}, err
	}
	d := flow.Description{
		Place:        flow.Place{Container: container, PodUID: pod.GetMetadata().GetUid()},
		PodNamespace: pod.GetMetadata().GetNamespace(),
		PodName:      pod.GetMetadata().GetName(),
	}
	for _, name := range []string{d.PodUID, d.PodNamespace, d.PodName} {
		if name == "" || len(name) > maxName || strings.Contains(name, "/") {
			return flow.Description{}, errNoName
		}
	}
	return d, nil
}

// only finds the one whose id begins so. Of several none can be meant.
func only[T interface{ GetId() string }](all []T, id string, err error) (one T, _ error) {
	if err != nil && status.Code(err) != codes.NotFound {
		return one, err
	}
	all = slices.DeleteFunc(all, func(c T) bool { return id == "" || !strings.HasPrefix(c.GetId(), id) })
	if len(all) != 1 {
		return one, errUnknown
	}
	return all[0], nil
}
