// SPDX-License-Identifier: Apache-2.0
// What the sensor remembers, and what it hands over. See the package's comment for
// why it may stay silent.
#pragma once

// An object, as its inode: a number that is used again comes with another generation.
struct object {
	u64 ino;
	u32 dev;
	u32 generation;
};

// A subject: finer than the engine's, never coarser.
struct subject {
	u64 comm[2]; // of the thread group's leader
	u64 cgroup;
	u64 extra; // what else tells processes apart; see `identity`
};

// What is known of an object that was written. Times are those of `clock`.
struct written {
	u64 born;      // nothing from before is in it, or known
	u64 latest;    // the latest write that was passed on
	u32 writes;    // how many were
	u32 sole;      // `first` alone wrote it, since it was made
	u32 emptied;   // that it was emptied is still to be told
	u32 unused;
	struct subject first;
};

// What a subject did to an object.
struct deed {
	u64 read;  // at which write it read last; 0 for never
	u64 wrote; // when its own write was passed on; 0 for never
	u64 told;  // of the read, nanoseconds since boot
	u32 number; // which of the object's writes that was
	u32 unused;
};

struct deed_key {
	struct object object;
	struct subject subject;
	u64 name; // a flow goes by its path: under another name an object is read anew
};

// The short memory of one processor: what is known to change nothing, as long as the
// object's epoch is the same.
struct recent {
	struct object object;
	struct subject subject;
	u32 epoch;
	u16 known; // READ, WROTE
	u16 turn;  // odd while it is being written
	u64 name;
};
#define RECENT 256
struct recents {
	struct recent slots[RECENT];
};
enum { READ = 1, WROTE = 2 };

// One record of the ring buffer, followed by `length` bytes of names, the last
// element of a path first, each with a NUL behind it; a program's follow its file's.
struct record {
	u64 at; // since boot, nanoseconds
	struct object object;
	struct subject subject;
	u32 pid, tid, uid;
	u16 length;
	u16 program; // where the program's path begins, 0 for not at all
	u8 kind;
	u8 op;
	u8 flags;
	u8 unused[5];
};
enum { RECORD_WRITE = 1, RECORD_READ, RECORD_EMPTIED, RECORD_CGROUP };
enum { FLAG_EMPTIED = 1, FLAG_PIPE = 2, FLAG_CUT = 4, FLAG_NO_PATH = 8 };

#define NAMES 4096
struct scratch {
	struct record record;
	char names[NAMES + 256]; // so that a name that starts below NAMES always fits
	u32 length;              // of the names so far
	u32 cut;                 // they are not all
	u32 no_path;             // what has a name but no place, as memfd:x
	struct written fresh;
	struct deed_key key;
	struct deed deed;
	u32 busy; // where a program may be preempted, another one may want it
};

enum count {
	PASSED_WRITES,
	PASSED_READS,
	PASSED_EMPTIED,
	PASSED_CGROUPS,
	REMEMBERED, // objects that are new to the filter
	LOST_WRITES,
	LOST_READS,
	LOST_EMPTIED,
	LOST_CGROUPS,
	UNREMEMBERED, // a map took nothing
	NO_FILE,      // a descriptor that was closed before its call returned
	CUT_PATHS,
	LOOKED_AT,
	BUSY, // left out, since its processor's memory was in use
	COUNTS,
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct object);
	__type(value, struct written);
} objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct deed_key);
	__type(value, struct deed);
} deeds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u32);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} excluded_users SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, char[16]);
	__type(value, u32);
} excluded_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct recents);
} recents SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTS);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

// A Bloom filter of the objects that were ever written: for others a read is silent,
// and an object that left its map is not taken for one of them.
#define FILTER_BITS (1 << 24)
u64 filter[FILTER_BITS / 64];

// Whatever may make a known access matter again moves its object's epoch on.
#define EPOCHS (1 << 16)
u32 epochs[EPOCHS];

u64 clock = 1;

u32 own_pid; // is never looked at

// Settings.
enum { BY_COMM, BY_EXE, BY_PID };
const volatile u32 identity;
const volatile u32 max_writers = 16;
const volatile u32 hierarchy;   // a cgroup v1 controller's number and 1, 0 for cgroup v2
const volatile u32 users, processes; // how many are excluded
const volatile u32 everything; // for comparison: nothing is held back

static __always_inline struct scratch *scratch(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline void count(u32 what)
{
	u64 *n = bpf_map_lookup_elem(&counts, &what);
	if (n)
		*n += 1;
}
