package flow

import "testing"

// An exec knows its inode but not its device: device 5 is the overlay of c1,
// device 6 that of c2, and device 1 no overlay.
func TestExec(t *testing.T) {
	scenarios{
		{"on the container's own overlay", Options{}, `
			device 5 is an overlay of c1
			A/c1 writes 5:7 as /bin/x
			B/c1 executes 7 on its overlay as /bin/x => new process A -> B`},
		{"of a name that no writer knew, if there is but one", Options{}, `
			device 5 is an overlay of c1
			A/c1 writes 5:7 as /tmp/download
			B/c1 executes 7 on its overlay as /bin/x => new process A -> B`},
		{"not on another container's overlay", Options{}, `
			device 5 is an overlay of c1
			device 6 is an overlay of c2
			A/c1 writes 5:7 as /bin/x
			B/c2 executes 7 on its overlay as /bin/x => nothing
			count unclear 0`},
		{"not on an overlay: a volume", Options{}, `
			device 5 is an overlay of c1
			A writes 1:7 as /vol/x
			A/c1 writes 5:7 as /bin/x
			B/c1 executes 7 as /vol/x => new process A -> B, new container host -> c1, new pod host -> c1`},
		{"on the host", Options{}, `
			A writes 7 as /bin/x
			B executes 7 as /bin/x => new process A -> B`},
		{"several: the one that a writer knew by the same base name", Options{}, `
			A writes 1:7 as /one/x
			B writes 2:7 as /two/y
			R executes 7 as /elsewhere/y => new process B -> R
			count unclear 0`},
		{"several: any of its writers may have known the name", Options{}, `
			A writes 1:7 as /one/x
			B writes 2:7 as /two/y
			C writes 2:7 as /two/z
			R executes 7 as /elsewhere/y => new process C,B -> R`},
		{"several of the same base name are unclear", Options{}, `
			A writes 1:7 as /one/x
			B writes 2:7 as /two/x
			R executes 7 as /x => nothing
			count unclear 1`},
		{"several of other base names are unclear", Options{}, `
			A writes 1:7 as /srv/one/x
			B writes 2:7 as /srv/two/y
			R executes 7 as /srv/three/z => nothing
			count unclear 1`},
		{"by chance: its folder is known to be on another device", Options{}, `
			A writes 1:7 as /run/x
			B writes 2:8 as /usr/bin/y
			B executes 7 as /usr/bin/z => nothing
			count unclear 0`},
		{"by chance: its device was seen below other folders only", Options{}, `
			A writes 1:7 as /run/x
			B executes 7 as /usr/bin/z => nothing
			count unclear 0`},
		{"what speaks against a device does not where a writer knew the name", Options{}, `
			A writes 1:7 as /run/z
			B writes 2:8 as /usr/bin/y
			B executes 7 as /usr/bin/z => new process A -> B`},
		{"what the host saw speaks against nothing in a container", Options{}, `
			A writes 1:7 as /run/x
			B/c1 executes 7 as /usr/bin/z => new process A -> B, new container host -> c1, new pod host -> c1`},
		{"a pipe is no program", Options{}, `
			7 is a pipe
			A writes 7 as /bin/x
			B executes 7 as /bin/x => nothing
			count unclear 0`},
		{"its own program", Options{}, `
			A writes 7 as /bin/x
			A executes 7 as /bin/x => nothing
			count unclear 0`},
		{"nobody wrote it", Options{}, `
			A writes 8 as /bin/x
			B executes 7 as /bin/x => nothing
			count unclear 0`},
		{"forgotten objects are no candidates", Options{MaxObjects: 1}, `
			A writes 1:7 as /one/x
			B writes 2:7 as /two/x
			R executes 7 as /x => new process B -> R`},
		{"an overlay that the host saw first is the container's", Options{}, `
			device 5 is an overlay of host
			device 5 is an overlay of c1
			device 5 is an overlay of host
			A/c1 writes 5:7 as /bin/x
			B executes 7 on its overlay as /bin/x => nothing
			B/c1 executes 7 on its overlay as /bin/x => new process A -> B`},
		{"the host's own overlay", Options{}, `
			device 5 is an overlay of host
			A writes 5:7 as /bin/x
			B executes 7 on its overlay as /bin/x => new process A -> B`},
		{"an object that only its path names is no candidate", Options{}, `
			A writes /bin/x
			B executes 7 as /bin/x => nothing`},
	}.play(t)
}
