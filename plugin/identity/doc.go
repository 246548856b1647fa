// Package identity says which container and which pod a thread belongs to: from
// the cgroup paths the kernel gives for it, and from the descriptions of
// containers that the container plugin sends as async events.
//
// It only reads what it is handed: no state, no I/O, no clock. Which evidence
// wins, and how long it is remembered, is the caller's affair.
//
// What will hurt you:
//
//   - A cgroup path is the kernel's word, a label is not. Kubernetes sets the
//     io.kubernetes.pod.* labels itself, but a container started by hand may carry
//     any label, from its image too, and so name a pod it is not in. Where a cgroup
//     path gives a pod's uid, believe that one.
//   - Who may make cgroups (root on the host, a privileged container) chooses their
//     names, and so may look like a container it is not.
//   - Containers named by people (ctr run, LXC) cannot be told from other cgroups by
//     their path, and builds (BuildKit's own cgroups) have ids of another form: for
//     this package both are on the host, unless they run inside another container.
package identity
