package flow

import "testing"

func TestBorders(t *testing.T) {
	scenarios{
		{"two processes", Options{}, `
			A writes 7 as /x
			B reads 7 as /x => new process A -> B
			B reads 7 as /x => process A -> B`},
		{"nobody wrote", Options{}, `
			B reads 7 as /x => nothing`},
		{"its own data", Options{}, `
			A/c1/u1 writes 7 as /x
			A/c1/u1 reads 7 as /y => nothing`},
		{"another inode, another device", Options{}, `
			A writes 7 as /x
			B reads 8 as /x => nothing
			B reads 2:7 as /x => nothing`},
		{"two pods: three granularities from one record", Options{}, `
			A/c1/u1 writes 7 as /a/x
			B/c2/u2 reads 7 as /b/x => new process A -> B, new container c1 -> c2, new pod pod:u1 -> pod:u2
			B/c2/u2 reads 7 as /b/x => process A -> B, container c1 -> c2, pod pod:u1 -> pod:u2`},
		{"two containers of one pod", Options{}, `
			A/c1/u1 writes 7 as /x
			B/c2/u1 reads 7 as /x => new process A -> B, new container c1 -> c2`},
		{"two processes of one container", Options{}, `
			A/c1/u1 writes 7 as /x
			B/c1/u1 reads 7 as /x => new process A -> B`},
		{"the same command in two containers", Options{}, `
			nginx/c1 writes 7 as /x
			nginx/c2 reads 7 as /x => new container c1 -> c2, new pod c1 -> c2`},
		{"a container outside any pod is its own domain", Options{}, `
			A/c1 writes 7 as /x
			B/c2/u2 reads 7 as /x => new process A -> B, new container c1 -> c2, new pod c1 -> pod:u2
			C/c1 reads 7 as /x => new process A -> C`},
		{"host and container, either way", Options{}, `
			A writes 7 as /x
			B/c1/u1 reads 7 as /x => new process A -> B, new container host -> c1, new pod host -> pod:u1
			B/c1/u1 writes 8 as /x
			A reads 8 as /x => new process B -> A, new container c1 -> host, new pod pod:u1 -> host`},
		{"new is by path as the reader sees it, not by object", Options{}, `
			A writes 7 as /x
			B reads 7 as /x => new process A -> B
			B reads 7 as /y => new process A -> B
			A writes 8 as /z
			B reads 8 as /x => process A -> B`},
		{"new is by granularity: the pod's flow is known, the container's is not", Options{}, `
			A/c1/u1 writes 7 as /x
			B/c2/u2 reads 7 as /x => new process A -> B, new container c1 -> c2, new pod pod:u1 -> pod:u2
			B/c3/u2 reads 7 as /x => process A -> B, new container c1 -> c3, pod pod:u1 -> pod:u2`},
		{"new where one of several is", Options{}, `
			A writes 7 as /x
			C reads 7 as /x => new process A -> C
			B writes 7 as /x
			C reads 7 as /x => new process B,A -> C
			C reads 7 as /x => process B,A -> C`},
	}.play(t)
}

func TestWriters(t *testing.T) {
	scenarios{
		{"latest first", Options{}, `
			A writes 7 as /x
			B writes 7 as /x
			R reads 7 as /x => new process B,A -> R
			A writes 7 as /x
			R reads 7 as /x => process A,B -> R
			C writes 7 as /x
			B writes 7 as /x
			R reads 7 as /x => new process B,C,A -> R`},
		{"the reader is not among its writers", Options{}, `
			A writes 7 as /x
			R writes 7 as /x
			R reads 7 as /x => new process A -> R`},
		{"a domain once, by its latest write", Options{}, `
			A/c1/u1 writes 7 as /x
			B/c2/u1 writes 7 as /x
			C/c3/u3 writes 7 as /x
			A/c4/u1 writes 7 as /x
			R/c5/u5 reads 7 as /x => new process A,C,B -> R, new container c4,c3,c2,c1 -> c5, new pod pod:u1,pod:u3 -> pod:u5`},
	}.play(t)
}

func TestObjects(t *testing.T) {
	scenarios{
		{"a mapping is a read", Options{}, `
			A writes 7 as /x
			B maps 7 as /x => new process A -> B`},
		{"a copy reads its input and writes its output", Options{}, `
			A writes 7 as /in
			B copies 7 as /in to 8 as /out => new process A -> B
			C reads 8 as /out => new process B -> C`},
		{"a copy within one file is judged before it writes", Options{}, `
			A writes 7 as /x
			B copies 7 as /x to 7 as /x => new process A -> B
			A reads 7 as /x => new process B -> A`},
		{"truncated: nothing of the data is left", Options{}, `
			A writes 7 as /x
			7 is truncated
			B reads 7 as /x => nothing
			C writes 7 as /x
			B reads 7 as /x => new process C -> B
			count objects 1 subjects 1`},
		{"created: the inode number is used again", Options{}, `
			A writes 7 as /x
			7 is created
			B reads 7 as /y => nothing
			count objects 0 subjects 0`},
		{"a pipe is not emptied by O_TRUNC", Options{}, `
			7 is a pipe
			A writes 7 as /p
			7 is truncated
			7 is a pipe
			B reads 7 as /p => new process A -> B`},
		{"a pipe made in place of a file", Options{}, `
			A writes 7 as /x
			7 is a pipe
			B reads 7 as /p => nothing`},
		{"a file made in place of a pipe", Options{}, `
			7 is a pipe
			7 is created
			A writes 7 as /x
			7 is truncated
			B reads 7 as /x => nothing`},
		{"no inode: the path inside one container", Options{}, `
			A/c1 writes /x
			B/c1 reads /x => new process A -> B
			B/c1 reads /y => nothing
			B/c2 reads /x => nothing
			B reads /x => nothing`},
	}.play(t)
}
