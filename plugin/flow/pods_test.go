package flow

import "testing"

func TestPods(t *testing.T) {
	scenarios{
		{"a name that comes late: the flow is not new again", Options{}, `
			A/c1/u1 writes 7 as /x
			B/c2/u2 reads 7 as /x => new process A -> B, new container c1 -> c2, new pod pod:u1 -> pod:u2
			c1 is ns/a of u1
			B/c2/u2 reads 7 as /x => process A -> B, container c1 -> c2, pod ns/a -> pod:u2
			c2 is ns/b of u2
			B/c2/u2 reads 7 as /x => process A -> B, container c1 -> c2, pod ns/a -> ns/b`},
		{"both names at once", Options{}, `
			A/c1/u1 writes 7 as /x
			A/c2/u2 reads 7 as /x => new container c1 -> c2, new pod pod:u1 -> pod:u2
			c1 is ns/a of u1
			c2 is ns/b of u2
			A/c2/u2 reads 7 as /x => container c1 -> c2, pod ns/a -> ns/b`},
		{"a name without a uid names the pod that is known", Options{}, `
			A/c1/u1 writes 7 as /x
			c1 is ns/a
			A/c2 reads 7 as /x => new container c1 -> c2, new pod ns/a -> c2
			A/c3/u1 reads 7 as /x => new container c1 -> c3`},
		{"poorer metadata never loses a name", Options{}, `
			c1 is ns/a of u1
			c1 is of u1
			c1 is ns/
			c1 is /a
			c1 is known
			A/c1 writes 7 as /x
			A/c1/u1 writes 7 as /x
			A reads 7 as /x => new container c1 -> host, new pod ns/a -> host`},
		{"one container tells the name for all of the pod", Options{}, `
			A/c1/u1 writes 7 as /x
			c2 is ns/a of u1
			A reads 7 as /x => new container c1 -> host, new pod ns/a -> host`},
		{"a pod that restarts under its name is one domain", Options{}, `
			c1 is ns/a of u1
			c2 is ns/a of u2
			A/c1/u1 writes 7 as /x
			A/c2/u2 reads 7 as /x => new container c1 -> c2
			A/c3 reads 7 as /x => new container c1 -> c3, new pod ns/a -> c3
			A/c2/u2 writes 7 as /x
			A/c3 reads 7 as /x => new container c2,c1 -> c3, pod ns/a -> c3`},
		{"a restarted pod before and after its name is known", Options{}, `
			c1 is ns/a of u1
			A/c1/u1 writes 7 as /x
			A/c2/u2 reads 7 as /x => new container c1 -> c2, new pod ns/a -> pod:u2
			c2 is ns/a of u2
			A/c2/u2 reads 7 as /x => container c1 -> c2`},
		{"the same name in two namespaces is two", Options{}, `
			c1 is ns/a of u1
			c2 is prod/a of u2
			A/c1/u1 writes 7 as /x
			A/c2/u2 reads 7 as /x => new container c1 -> c2, new pod ns/a -> prod/a`},
		{"two unnamed pods are two", Options{}, `
			A/c1/u1 writes 7 as /x
			A/c2/u2 reads 7 as /x => new container c1 -> c2, new pod pod:u1 -> pod:u2`},
		{"the pod of a container that was seen first without one", Options{}, `
			A/c1 writes 7 as /x
			A/c2/u1 reads 7 as /x => new container c1 -> c2, new pod c1 -> pod:u1
			A/c1/u1 writes 8 as /x
			A/c2/u1 reads 7 as /x => container c1 -> c2`},
		{"metadata of a name alone, then of the uid too: one domain", Options{}, `
			c1 is ns/a
			A/c1 writes 7 as /x
			A reads 7 as /x => new container c1 -> host, new pod ns/a -> host
			c1 is ns/a of u1
			A reads 7 as /x => container c1 -> host, pod ns/a -> host
			c2 is ns/a of u1
			A/c2/u1 reads 7 as /x => new container c1 -> c2`},
		{"metadata of another pod names no pod", Options{}, `
			A/c1/u1 writes 7 as /x
			c1 is ns/b of u2
			A reads 7 as /x => new container c1 -> host, new pod pod:u1 -> host`},
		{"a claim that the cgroup path confirms, before and after", Options{}, `
			c1 claims ns/a of u1
			A/c1/u1 writes 7 as /x
			A reads 7 as /x => new container c1 -> host, new pod ns/a -> host
			A/c2/u2 reads 7 as /x => new container c1 -> c2, new pod ns/a -> pod:u2
			c2 claims ns/b of u2
			A/c2/u2 reads 7 as /x => container c1 -> c2, pod ns/a -> ns/b`},
		{"a claim that nothing confirms", Options{}, `
			c1 claims ns/a of u1
			c2 claims ns/a
			c3 claims ns/a of u4
			A/c1 writes 7 as /x
			A/c2/u2 writes 7 as /x
			A/c3/u3 writes 7 as /x
			A reads 7 as /x => new container c3,c2,c1 -> host, new pod pod:u3,pod:u2,c1 -> host`},
		{"a claim takes no name away", Options{}, `
			c1 is ns/a of u1
			c1 claims ns/b
			c1 claims ns/b of u2
			A/c1/u1 writes 7 as /x
			A reads 7 as /x => new container c1 -> host, new pod ns/a -> host`},
		{"the host has no pod, whatever is said", Options{}, `
			A writes 7 as /x
			B/c1/u1 reads 7 as /x => new process A -> B, new container host -> c1, new pod host -> pod:u1
			count containers 1 pods 1`},
	}.play(t)
}

func TestRemovedContainers(t *testing.T) {
	scenarios{
		{"what is known of a container lasts as long as what it wrote", Options{}, `
			c1 is ns/a of u1
			A/c1/u1 writes 7 as /x
			c1 is gone
			count objects 1 subjects 1 containers 1 pods 1
			B reads 7 as /x => new process A -> B, new container c1 -> host, new pod ns/a -> host`},
		{"a container that wrote nothing goes at once", Options{}, `
			A/c1/u1 reads 7 as /x => nothing
			count containers 1 subjects 0
			c1 is gone
			count containers 0`},
		{"gone when its last object is", Options{}, `
			A/c1/u1 writes 7 as /x
			7 is truncated
			count objects 0 subjects 0
			c1 is gone
			count containers 0`},
		{"gone twice, gone unknown, back again", Options{}, `
			c1 is ns/a of u1
			c1 is gone
			c1 is gone
			c9 is gone
			count containers 0
			A/c1/u1 writes 7 as /x
			B reads 7 as /x => new process A -> B, new container c1 -> host, new pod ns/a -> host
			count containers 1`},
	}.play(t)
}
