// SPDX-License-Identifier: Apache-2.0
// What an access is worth.
#pragma once

#define PIPE_TIME 500000000ull // nanoseconds

// weigh decides about an access that the short memory does not know. It returns what
// is known from now on: READ, WROTE, or 0 where nothing is.
static __always_inline int weigh(struct scratch *s, struct access *a)
{
	struct task_struct *task = a->task;
	s->record.object = s->key.object;
	s->record.subject = s->key.subject;
	s->record.pid = BPF_CORE_READ(task, tgid);
	s->record.tid = BPF_CORE_READ(task, pid);
	s->record.uid = BPF_CORE_READ(task, cred, uid.val);
	s->record.flags = 0;
	if (excluded(s))
		return 0;

	struct written *o = bpf_map_lookup_elem(&objects, &s->key.object);
	struct deed *d = bpf_map_lookup_elem(&deeds, &s->key);
	if (d)
		s->deed = *d;
	else
		__builtin_memset(&s->deed, 0, sizeof(s->deed));
	a->latest = 0;
	if (o && !everything) {
		a->latest = o->latest;
		if (o->emptied)
			s->record.flags = FLAG_EMPTIED;
		else if (a->kind == RECORD_READ) {
			// A pipe's writer may be held up in its call for long: its readers are
			// passed on now and then, for the feed to have them at hand.
			if (s->deed.read >= a->latest && !(a->pipe && bpf_ktime_get_boot_ns() - s->deed.told > PIPE_TIME))
				return a->pipe ? 0 : READ;
			if (o->sole && same(&o->first, &s->key.subject))
				return READ; // its own
		} else if (s->deed.wrote >= o->born && o->writes - s->deed.number < max_writers)
			return WROTE;
	}
	count(LOOKED_AT);
	if (tell(s, a)) {
		count(a->kind == RECORD_READ ? LOST_READS : LOST_WRITES);
		return 0;
	}
	count(a->kind == RECORD_READ ? PASSED_READS : PASSED_WRITES);
	if (a->kind == RECORD_WRITE)
		return WROTE;
	return a->pipe ? 0 : READ;
}

// take is everything behind the short memory. It is global, and so verified once.
__noinline int take(struct access *a)
{
	if (!a)
		return 0;
	u32 zero = 0;
	struct scratch *s = scratch();
	struct recents *r = bpf_map_lookup_elem(&recents, &zero);
	if (!s || !r)
		return 0;
	if (__sync_val_compare_and_swap(&s->busy, 0, 1)) {
		count(BUSY);
		return 0;
	}
	s->key.object = a->object;
	s->key.subject = a->subject;
	s->key.name = a->name;
	int known = READ | WROTE; // never of interest
	if (holds_data(a->file))
		known = weigh(s, a);
	if (known) {
		struct recent *m = slot(r, a);
		if (known_of(m, a))
			known |= m->known;
		m->turn++;
		m->object = a->object;
		m->subject = a->subject;
		m->name = a->name;
		m->epoch = a->epoch;
		m->known = known;
		m->turn++;
	}
	s->busy = 0;
	return 0;
}

// program_of tells programs apart, by what their paths lead to.
static __noinline u64 program_of(struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct object o = {
		.ino = BPF_CORE_READ(exe, f_inode, i_ino),
		.dev = BPF_CORE_READ(exe, f_inode, i_sb, s_dev),
		.generation = BPF_CORE_READ(exe, f_inode, i_generation),
	};
	return mix(&o) ^ (u64)BPF_CORE_READ(exe, f_path.dentry) ^ BPF_CORE_READ(exe, f_path.dentry, d_name.hash);
}

static __always_inline void identify(struct task_struct *task, struct subject *who)
{
	struct task_struct *leader = GET(task, group_leader);
#ifdef DIRECT
	struct timespec64 *comm = AS(timespec64, &leader->comm);
	who->comm[0] = comm->tv_sec;
	who->comm[1] = comm->tv_nsec;
#else
	bpf_probe_read_kernel(who->comm, sizeof(who->comm), &leader->comm);
#endif
	struct css_set *set = GET(task, cgroups);
	struct cgroup *g;
	if (!hierarchy) {
		g = GET(set, dfl_cgrp);
	} else {
#ifdef DIRECT
		// One pointer of an array of them.
		struct llist_head *css = AS(llist_head, (void *)&set->subsys + 8 * (hierarchy - 1));
		g = AS(cgroup_subsys_state, css->first)->cgroup;
#else
		g = cgroup_of(task);
#endif
	}
	struct kernfs_node *kn = GET(g, kn);
	who->cgroup = GET(kn, id);
	who->extra = 0;
	if (identity == BY_PID)
		who->extra = GET(task, tgid);
	else if (identity == BY_EXE)
		who->extra = program_of(task);
}

// find tells what a file is; 0 for no object.
static __always_inline u32 find(struct file *f, struct access *a)
{
	struct file *file = AS(file, f);
	struct inode *inode = AS(inode, GET(file, f_inode));
	u32 mode = GET(inode, i_mode) & S_IFMT;
	if (mode != S_IFREG && mode != S_IFIFO)
		return 0;
	struct super_block *sb = AS(super_block, GET(inode, i_sb));
	u64 magic = GET(sb, s_magic);
	if (mode == S_IFIFO && magic == PIPEFS)
		return 0;
	a->object.ino = GET(inode, i_ino);
	a->object.generation = GET(inode, i_generation);
	a->object.dev = GET(sb, s_dev);
	if (magic == OVERLAYFS) {
		// Its files have no generation, and those of an image the same numbers in
		// each container, on a device whose number the next one gets: what differs
		// is the root, which has its number from the upper layer.
		struct dentry *root = AS(dentry, GET(sb, s_root));
		struct inode *top = AS(inode, GET(root, d_inode));
		a->object.generation ^= (u32)GET(top, i_ino) * 2654435761u;
	}
	a->hash = mix(&a->object);
	return mode;
}

// look is the way of every read and write: most end here.
static __always_inline void look(struct task_struct *task, struct file *file, u8 kind, u8 op)
{
	struct access a = {};
	u32 mode = find(file, &a);
	if (!mode)
		return;
	a.kind = kind;
	a.op = op;
	a.pipe = mode == S_IFIFO;
	// A pipe's reader may be back before the writer that woke it is.
	if (kind == RECORD_READ && !a.pipe && !filtered(a.hash) && !everything)
		return;
	struct file *f = AS(file, file);
	struct dentry *dentry = AS(dentry, GET(f, f_path.dentry));
	a.name = (u64)GET(dentry, d_name.hash) << 32 ^ NUMBER(f, f_path.mnt);
	identify(task, &a.subject);
	a.epoch = *epoch_of(a.hash);
	u32 zero = 0;
	struct recents *r = bpf_map_lookup_elem(&recents, &zero);
	if (!r)
		return;
	struct recent *m = slot(r, &a);
	u16 turn = *(volatile u16 *)&m->turn;
	if (m->known & (kind == RECORD_READ ? READ : WROTE) && known_of(m, &a) && !(turn & 1) &&
	    *(volatile u16 *)&m->turn == turn && !everything)
		return;
	a.task = task;
	a.file = file;
	take(&a);
}

// emptied takes a call that was to empty or to make a file: where it is empty now,
// nobody's data is in it.
__noinline int emptied(struct access *a)
{
	if (!a)
		return 0;
	struct file *file = a->file;
	// Who has it mapped to write may go on to.
	if (find(file, a) != S_IFREG || BPF_CORE_READ(file, f_inode, i_size) ||
	    BPF_CORE_READ(file, f_inode, i_mapping, i_mmap_writable.counter) > 0)
		return 0;
	if (!filtered(a->hash) && !everything)
		return 0;
	a->kind = RECORD_EMPTIED;
	struct scratch *s = scratch();
	if (!s)
		return 0;
	if (__sync_val_compare_and_swap(&s->busy, 0, 1)) {
		count(BUSY);
		return 0;
	}
	s->key.object = s->record.object = a->object;
	s->key.subject = s->record.subject = a->subject;
	s->record.kind = RECORD_EMPTIED;
	s->record.flags = 0;
	s->record.length = s->record.program = 0;
	int lost = pass(a);
	if (lost == NOT_EMPTY) {
		s->busy = 0;
		return 0;
	}
	if (lost) {
		count(LOST_EMPTIED);
		struct written *o = bpf_map_lookup_elem(&objects, &s->key.object);
		if (o) {
			o->emptied = 1;
			__sync_fetch_and_add(epoch_of(a->hash), 1);
		}
	} else {
		count(PASSED_EMPTIED);
	}
	s->busy = 0;
	return 0;
}
