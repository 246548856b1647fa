package cri_test

import (
	"testing"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel/cri"
	"github.com/xim-monitor/xim/test/containers"
)

// containerd names the pods of running and of ended containers, two of them alike, and
// knows none of a plain one.
func TestContainerd(t *testing.T) {
	rt := containers.Start(t)
	n, err := cri.Dial(rt.CRISocket(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()

	plain := rt.Container(nil)
	n.Ask(plain.ID[:12])
	for _, namespace := range []string{"blue", "green"} {
		pod := rt.Pod(namespace, "shop")
		ended := pod.Container("once", nil, "true")
		ended.Wait()
		for _, c := range []*containers.Container{pod.Container("app", nil), ended} {
			start := time.Now()
			n.Ask(c.ID[:12])
			t.Logf("asked for %v", time.Since(start))
			want := flow.Description{
				Place:        flow.Place{Container: c.ID[:12], PodUID: pod.UID},
				PodNamespace: namespace, PodName: "shop",
			}
			select {
			case got := <-n.Answers():
				if got != want {
					t.Errorf("the answer is %+v, want %+v", got, want)
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("no answer for %+v; %+v", want, n.Stats())
			}
		}
	}
	if got := n.Stats(); got.Answered != 4 || got.Failed != 0 {
		t.Errorf("counted %+v, want 4 answers", got)
	}
}
