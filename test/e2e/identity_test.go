package e2e

import (
	"fmt"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// podFlows plays a story and returns its new flows between pods.
func podFlows(t *testing.T, story func(w *scap.Writer)) []string {
	t.Helper()
	return play(t, tell(t, story), `{"granularity":"pod"}`, "%xim.flows", "xim.new=true")
}

func describe(w *scap.Writer, name, namespace string) {
	w.Container(scap.Container{ID: scap.ID(name), Name: name, Labels: scap.PodLabels(namespace, name, scap.UID(name))})
}

func TestPodNames(t *testing.T) {
	cross := func(s *stage, ino uint64) {
		s.write(ino)
		s.in(ino).Read(1)
	}
	named := []string{"(shop/a -> /b/x -> shop/b)"}
	for _, c := range []struct {
		name  string
		story func(*stage)
		want  []string
	}{
		{"known before", func(s *stage) {
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			cross(s, 7)
		}, named},
		{"never known", func(s *stage) { cross(s, 7) },
			[]string{fmt.Sprintf("(pod:%s -> /b/x -> pod:%s)", scap.UID("a"), scap.UID("b"))}},
		{"known after the write", func(s *stage) {
			s.write(7)
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			s.in(7).Read(1)
		}, named},
		{"known after the flow, which is not new again", func(s *stage) {
			cross(s, 7)
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			s.in(7).Read(1)
		}, []string{fmt.Sprintf("(pod:%s -> /b/x -> pod:%s)", scap.UID("a"), scap.UID("b"))}},
		{"told again with less", func(s *stage) {
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			s.Container(scap.Container{ID: scap.ID("a")})
			s.Container(scap.Container{ID: scap.ID("b")})
			cross(s, 7)
		}, named},
		{"writer removed", func(s *stage) {
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			s.write(7)
			s.ContainerRemoved(scap.Container{ID: scap.ID("a")})
			s.in(7).Read(1)
		}, named},
		{"claimed by a container started by hand", func(s *stage) {
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			forger := proc(300, "forger", "c")
			forger.Pod = ""
			c := s.Process(forger)
			s.Container(scap.Container{ID: scap.ID("c"), Type: 11, Labels: scap.PodLabels("shop", "b", scap.UID("b"))})
			c.Openat("/c/x", create, disk, 7).Write(1)
			s.in(7).Read(1)
		}, []string{fmt.Sprintf("(%s -> /b/x -> shop/b)", scap.ID("c")[:12])}},
		{"labels of another pod, before the cgroup path is known", func(s *stage) {
			s.Container(scap.Container{ID: scap.ID("a"), Labels: scap.PodLabels("shop", "b", scap.UID("b"))})
			cross(s, 7)
		}, []string{fmt.Sprintf("(pod:%s -> /b/x -> shop/b)", scap.UID("a"))}},
		{"claimed, and the cgroup path agrees", func(s *stage) {
			for _, name := range []string{"a", "b"} {
				s.Container(scap.Container{ID: scap.ID(name), Type: 11, Labels: scap.PodLabels("shop", name, scap.UID(name))})
			}
			cross(s, 7)
		}, named},
		{"bad metadata", func(s *stage) {
			describe(s.Writer, "a", "shop")
			describe(s.Writer, "b", "shop")
			s.Async("container", `{"container":`)
			s.Async("container", `[]`)
			cross(s, 7)
		}, named},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, podFlows(t, func(w *scap.Writer) { c.story(newStage(w)) }), c.want)
		})
	}
}

// The same pod under another uid is the same domain; the same name in another
// namespace is not.
func TestPodsOfOneName(t *testing.T) {
	story := func(namespace string) func(w *scap.Writer) {
		return func(w *scap.Writer) {
			s := newStage(w)
			for name, ns := range map[string]string{"a": "shop", "b": namespace} {
				w.Container(scap.Container{ID: scap.ID(name), Labels: scap.PodLabels(ns, "web-0", scap.UID(name))})
			}
			s.write(7)
			s.in(7).Read(1)
		}
	}
	equal(t, podFlows(t, story("shop")), nil)
	equal(t, podFlows(t, story("bank")), []string{"(shop/web-0 -> /b/x -> bank/web-0)"})
}

func TestHostAndContainers(t *testing.T) {
	story := func(s *stage) {
		host := s.Process(proc(300, "cat", ""))
		s.write(7)
		host.Openat("/vol/x", rd, disk, 7).Read(1)
		host.Openat("/vol/y", create, disk, 8).Write(1)
		s.b.Openat("/b/y", rd, disk, 8).Read(1)
	}
	file := tell(t, func(w *scap.Writer) { story(newStage(w)) })
	equal(t, play(t, file, `{"granularity":"container"}`, "%xim.flow", "xim.new=true"), []string{
		scap.ID("a")[:12] + " -> /vol/x -> host",
		"host -> /b/y -> " + scap.ID("b")[:12],
	})
}

func TestProcessIdentity(t *testing.T) {
	story := func(s *stage) { s.write(7); s.in(7).Read(1) }
	for config, want := range map[string]string{
		`{"process_identity":"comm"}`:     "read: (writer -> /b/x -> reader)",
		`{"process_identity":"exe_path"}`: "read: (/bin/writer -> /b/x -> /bin/reader)",
		`{"process_identity":"pid"}`:      "read: (100 -> /b/x -> 200)",
	} {
		equal(t, flows(t, config, story), []string{want})
	}
}

func TestExclude(t *testing.T) {
	story := func(s *stage) { s.write(7); s.in(7).Read(1) }
	for _, config := range []string{
		`{"exclude":{"processes":["writer"]}}`,
		`{"exclude":{"processes":["reader"]}}`,
		`{"exclude":{"path_prefixes":["/a/"]}}`,
		`{"exclude":{"path_prefixes":["/b"]}}`,
		`{"exclude":{"users":["root"]}}`,
		`{"exclude":{"users":[0]}}`,
	} {
		equal(t, flows(t, config, story), nil)
	}
	for _, config := range []string{
		`{"exclude":{"processes":["write"],"path_prefixes":["/ab"],"users":null}}`,
		`{"exclude":{"users":[1]}}`,
	} {
		equal(t, flows(t, config, story), []string{"read: (writer -> /b/x -> reader)"})
	}
}
