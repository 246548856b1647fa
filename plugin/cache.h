/*
 * The cache of accesses that change nothing.
 *
 * Nearly every read and write repeats one that was looked at before: same thread
 * group, same descriptor, same object, and no new writer since. Such an access
 * need not be looked at again. An entry stands for one descriptor of one thread
 * group; its read half says which borders a read crosses, none of them anew, its
 * write half "the writer is known". A half holds for as long as
 *   - the object's generation is the one it was made with: Go raises it whenever
 *     a writer is added to the object or its writers are forgotten;
 *   - the group's generation is the one it was made with: it is raised by exec,
 *     exit, a new thread group of that id, a change of name or user;
 *   - nobody opened, closed or duplicated into the descriptor: that drops it;
 *   - it is younger than STALE_NS. So an error in what the tables know (a lost
 *     close, say) heals itself, and the age and the order of writes are off by
 *     no more than that.
 * Generations are kept in arrays by hash: two objects that share a place cost
 * each other a look, never a wrong answer.
 *
 * Which thread belongs to which group is learned from the thread table and
 * forgotten when the thread is made or exits.
 */
#ifndef XIM_CACHE_H
#define XIM_CACHE_H

#include <stdint.h>

enum {
	OBJECT_SLOTS = 1 << 16,
	NO_OBJECT = OBJECT_SLOTS, /* a descriptor of something that is no object */
	GROUP_SLOTS = 1 << 12,
	THREAD_SLOTS = 1 << 13,
	ENTRY_SLOTS = 1 << 14,
};

#define STALE_NS 1000000000ull

typedef enum { HALF_READ, HALF_WRITE } xim_half;

typedef struct {
	uint32_t group;
	int32_t fd;
	uint32_t group_gen;
	uint32_t slot;
	uint32_t gen[2]; /* by half, 1 more than the object's; 0: the half holds nothing */
	uint32_t crosses; /* a read's verdict, 0: no border */
	uint64_t ts[2];
} xim_entry;

typedef struct {
	uint64_t tid;
	uint32_t group; /* 0: unknown */
} xim_thread_slot;

typedef struct {
	uint32_t objects[OBJECT_SLOTS + 1]; /* generations */
	uint32_t groups[GROUP_SLOTS];
	xim_thread_slot threads[THREAD_SLOTS];
	xim_entry entries[ENTRY_SLOTS];
	int used; /* since it was cleared */
	uint64_t hits;
	uint64_t misses;
} xim_cache;

void xim_cache_clear(xim_cache *c);

/* The group of a thread, 0 where it is not known. */
uint32_t xim_cache_group(const xim_cache *c, uint64_t tid);
void xim_cache_learn_thread(xim_cache *c, uint64_t tid, uint32_t group);
void xim_cache_forget_thread(xim_cache *c, uint64_t tid);

/* The entry of an access that need not be looked at, or NULL. */
const xim_entry *xim_cache_hit(xim_cache *c, uint32_t group, int64_t fd, xim_half half, uint64_t ts);
/* What an access was found to be; NULL where it cannot be kept. */
xim_entry *xim_cache_fill(xim_cache *c, uint32_t group, int64_t fd, xim_half half, uint64_t ts, uint32_t slot);

/* A descriptor of a group now means something else. */
void xim_cache_drop_fd(xim_cache *c, uint32_t group, int64_t fd);

/* A group has another program, name or user, or is gone. */
void xim_cache_drop_group(xim_cache *c, uint32_t group);

static inline uint32_t xim_mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(v >> 32);
}

static inline uint32_t *xim_group_gen(xim_cache *c, uint32_t group)
{
	return &c->groups[xim_mix(group) & (GROUP_SLOTS - 1)];
}

#endif
