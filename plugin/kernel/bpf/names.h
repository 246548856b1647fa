// SPDX-License-Identifier: Apache-2.0
// Paths, walked from their last element up, into the processor's scratch memory. The two
// that walk are global functions, and so verified once.
#pragma once

#define DEPTH 64

static __always_inline void name(struct scratch *s, const void *from)
{
	u32 at = s->length;
	if (at >= NAMES - 256) {
		s->cut = 1;
		return;
	}
	long got = bpf_probe_read_kernel_str(&s->names[at & (NAMES - 1)], 256, from);
	if (got > 0 && got <= 256)
		s->length = at + got;
}

// A walk up from a file to its task's root, through the mounts on the way.
struct walk {
	struct scratch *s;
	struct vfsmount *mnt, *root_mnt;
	struct dentry *at, *root;
};

// mounted is where a mount holds its vfsmount, by which a path names it.
static __always_inline u64 mounted(void)
{
	return (u64)&((struct mount *)0)->mnt;
}

static long up_file(u32 i, struct walk *w)
{
	struct vfsmount *mnt = w->mnt;
	struct dentry *at = w->at;
	if (at == w->root && mnt == w->root_mnt)
		return 1;
	struct dentry *top = BPF_CORE_READ(mnt, mnt_root);
	struct dentry *up = BPF_CORE_READ(at, d_parent);
	if (at == top || at == up) {
		struct mount *m = (void *)mnt - mounted();
		struct mount *above = BPF_CORE_READ(m, mnt_parent);
		if (at == top && m != above) {
			w->at = BPF_CORE_READ(m, mnt_mountpoint);
			w->mnt = (void *)above + mounted();
			return 0;
		}
		if (!i && at != top) {
			w->s->no_path = 1;
			name(w->s, BPF_CORE_READ(at, d_name.name));
		}
		return 1;
	}
	name(w->s, BPF_CORE_READ(at, d_name.name));
	w->at = up;
	return 0;
}

// file_names takes a file's path as its task sees it.
__noinline int file_names(u64 task_address, u64 file_address)
{
	struct task_struct *task = (void *)task_address;
	struct file *file = (void *)file_address;
	struct walk w = {
		.s = scratch(),
		.mnt = BPF_CORE_READ(file, f_path.mnt),
		.at = BPF_CORE_READ(file, f_path.dentry),
		.root_mnt = BPF_CORE_READ(task, fs, root.mnt),
		.root = BPF_CORE_READ(task, fs, root.dentry),
	};
	if (w.s && bpf_loop(DEPTH, up_file, &w, 0) == DEPTH)
		w.s->cut = 1;
	return 0;
}

static __always_inline struct kernfs_node *above(struct kernfs_node *kn)
{
	struct kernfs_node___rcu *new = (void *)kn;
	if (bpf_core_field_exists(new->__parent))
		return BPF_CORE_READ(new, __parent);
	return BPF_CORE_READ(kn, parent);
}

// A walk up from a cgroup to the root of its hierarchy.
struct climb {
	struct scratch *s;
	struct kernfs_node *at;
};

static long up_cgroup(u32 i, struct climb *c)
{
	struct kernfs_node *at = c->at;
	struct kernfs_node *up = above(at);
	if (!up)
		return 1;
	name(c->s, BPF_CORE_READ(at, name));
	c->at = up;
	return 0;
}

__noinline int cgroup_names(u64 kn_address)
{
	struct climb c = {.s = scratch(), .at = (void *)kn_address};
	if (!c.s)
		return 0;
	c.s->length = c.s->cut = 0;
	if (bpf_loop(DEPTH, up_cgroup, &c, 0) == DEPTH)
		c.s->cut = 1;
	return 0;
}
