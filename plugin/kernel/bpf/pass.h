// SPDX-License-Identifier: Apache-2.0
// Passing on what is first.
#pragma once

// An access, while it is looked at.
struct access {
	struct object object;
	struct subject subject;
	u64 name;
	struct task_struct *task;
	struct file *file;
	u64 hash;
	u64 latest; // the object's latest write as the read found it
	u32 epoch;
	u8 kind;
	u8 op;
	u8 pipe;
};

static __always_inline bool same(const struct subject *a, const struct subject *b)
{
	return a->comm[0] == b->comm[0] && a->comm[1] == b->comm[1] && a->cgroup == b->cgroup && a->extra == b->extra;
}

static __always_inline struct recent *slot(struct recents *r, const struct access *a)
{
	u64 at = (a->hash ^ a->subject.comm[0] ^ a->subject.cgroup) * 0x9E3779B97F4A7C15ull;
	return &r->slots[at >> 56 & (RECENT - 1)];
}

static __always_inline bool known_of(const struct recent *m, const struct access *a)
{
	return m->epoch == a->epoch && m->name == a->name && m->object.ino == a->object.ino && m->object.dev == a->object.dev &&
	       m->object.generation == a->object.generation && same(&m->subject, &a->subject);
}

enum { NOT_EMPTY = 1 }; // somebody wrote what was just emptied

// settle writes down a record for which there is room: from here on readers on other
// processors find that there is something new, and theirs come behind it.
__noinline int settle(struct access *a)
{
	struct scratch *s = scratch();
	if (!s || !a)
		return 0;
	if (a->kind == RECORD_EMPTIED) {
		bpf_map_delete_elem(&objects, &s->key.object);
		__sync_fetch_and_add(epoch_of(a->hash), 1);
		// Whoever wrote up to here may have been silent; later ones are not.
		struct file *file = a->file;
		return BPF_CORE_READ(file, f_inode, i_size) ? NOT_EMPTY : 0;
	}
	u64 now = __sync_fetch_and_add(&clock, 2) + 2; // ahead of `latest`, which grows by one
	struct written *o = bpf_map_lookup_elem(&objects, &s->key.object);
	if (!o) {
		struct written *f = &s->fresh;
		f->born = f->latest = now;
		f->writes = 0;
		f->emptied = 0;
		f->sole = a->kind == RECORD_WRITE && !filtered(a->hash);
		f->first = s->key.subject;
		if (bpf_map_update_elem(&objects, &s->key.object, f, BPF_NOEXIST))
			count(UNREMEMBERED);
		else
			a->latest = now;
		remember(a->hash);
		o = bpf_map_lookup_elem(&objects, &s->key.object);
		if (!o)
			return 0;
	} else if (s->record.flags & FLAG_EMPTIED) {
		o->born = now;
		o->emptied = 0;
		o->sole = 0;
		s->deed.read = s->deed.wrote = 0;
	}
	if (a->kind == RECORD_WRITE) {
		if (o->sole && !same(&o->first, &s->key.subject))
			o->sole = 0;
		__sync_fetch_and_add(&o->latest, 1); // stores of two writers could swap
		s->deed.wrote = now;
		s->deed.number = __sync_fetch_and_add(&o->writes, 1) + 1;
		// Where nobody else moved it on, what is known from here on is of the new epoch.
		if (__sync_fetch_and_add(epoch_of(a->hash), 1) == a->epoch)
			a->epoch++;
	} else {
		s->deed.read = a->latest;
		s->deed.told = s->record.at;
	}
	if (bpf_map_update_elem(&deeds, &s->key, &s->deed, BPF_ANY))
		count(UNREMEMBERED);
	return 0;
}

// wakeup tells whether the reader of the ring is to be woken. A write by itself is
// nothing to tell: it waits for a read, for company, or for the reader's next look. The
// kernel's own choice would let a read behind such a write wait as well.
static __always_inline u64 wakeup(u8 kind)
{
	if (kind == RECORD_READ)
		return BPF_RB_FORCE_WAKEUP;
	u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	return waiting * 4 > bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

// pass and settle are global functions, and so verified once.
#define ROOM(n)                                                        \
	if (need <= (n)) {                                             \
		void *room = bpf_ringbuf_reserve(&ring, (n), 0);       \
		if (!room)                                             \
			return -1;                                     \
		if (a && settle(a)) {                                  \
			bpf_ringbuf_discard(room, BPF_RB_NO_WAKEUP);   \
			return NOT_EMPTY;                              \
		}                                                      \
		bpf_probe_read_kernel(room, (n), &s->record);          \
		bpf_ringbuf_submit(room, wakeup(s->record.kind));      \
		return 0;                                              \
	}

// pass hands a record over. The place in the ring comes first and the memory of it
// second: the other way about, a reader's record could overtake the writer's.
__noinline int pass(struct access *a)
{
	struct scratch *s = scratch();
	if (!s)
		return -1;
	u32 need = sizeof(struct record) + s->record.length;
	s->record.at = bpf_ktime_get_boot_ns();
	ROOM(128)
	ROOM(256)
	ROOM(1024)
	ROOM(sizeof(struct record) + NAMES)
	return -1;
}

static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	if (!hierarchy)
		return BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup_subsys_state *css = NULL;
	bpf_probe_read_kernel(&css, sizeof(css), &set->subsys[(hierarchy - 1) & 31]);
	return BPF_CORE_READ(css, cgroup);
}

// name_cgroup hands over a cgroup's path once, before the first record that has it.
__noinline int name_cgroup(struct access *a)
{
	struct scratch *s = scratch();
	if (!s || !a)
		return 0;
	u64 id = a->subject.cgroup;
	if (bpf_map_lookup_elem(&cgroups, &id))
		return 0;
	struct cgroup *g = cgroup_of(a->task);
	cgroup_names((u64)BPF_CORE_READ(g, kn));
	u8 flags = s->record.flags;
	s->record.kind = RECORD_CGROUP;
	s->record.flags = s->cut ? FLAG_CUT : 0;
	s->record.length = s->length;
	s->record.program = 0;
	int lost = pass(NULL);
	s->record.flags = flags;
	if (lost) {
		count(LOST_CGROUPS);
		return lost;
	}
	u32 one = 1;
	bpf_map_update_elem(&cgroups, &id, &one, BPF_ANY);
	count(PASSED_CGROUPS);
	return 0;
}

// excluded tells whose accesses are never recorded.
static __noinline int excluded(struct scratch *s)
{
	if (own_pid && s->record.pid == own_pid)
		return 1;
	if (users && bpf_map_lookup_elem(&excluded_users, &s->record.uid))
		return 1;
	return processes && bpf_map_lookup_elem(&excluded_processes, &s->record.subject.comm);
}

// tell makes the record of an access, and passes it on.
static __always_inline int tell(struct scratch *s, struct access *a)
{
	if (name_cgroup(a)) // else it would be taken for the host's
		return -1;
	s->length = s->cut = s->no_path = 0;
	file_names((u64)a->task, (u64)a->file);
	s->record.flags |= s->no_path ? FLAG_NO_PATH : 0;
	s->record.program = 0;
	if (identity == BY_EXE) {
		struct task_struct *task = a->task;
		s->record.program = s->length;
		file_names((u64)task, (u64)BPF_CORE_READ(task, mm, exe_file));
	}
	s->record.length = s->length;
	s->record.kind = a->kind;
	s->record.op = a->op;
	s->record.flags |= a->pipe ? FLAG_PIPE : 0;
	if (s->cut) {
		s->record.flags |= FLAG_CUT;
		count(CUT_PATHS);
	}
	return pass(a);
}
