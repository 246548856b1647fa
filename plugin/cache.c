#include "cache.h"

#include <string.h>

void xim_cache_clear(xim_cache *c)
{
	if (!c->used) /* zeroed memory is not touched: an instance that only tries a
			 configuration out needs none of it */
		return;
	memset(c->threads, 0, sizeof c->threads);
	memset(c->entries, 0, sizeof c->entries);
	for (int i = 0; i < GROUP_SLOTS; i++)
		c->groups[i]++;
	c->used = 0;
}

static const xim_thread_slot *thread_slot(const xim_cache *c, uint64_t tid)
{
	return &c->threads[xim_mix(tid) & (THREAD_SLOTS - 1)];
}

uint32_t xim_cache_group(const xim_cache *c, uint64_t tid)
{
	const xim_thread_slot *t = thread_slot(c, tid);
	return t->tid == tid ? t->group : 0;
}

void xim_cache_learn_thread(xim_cache *c, uint64_t tid, uint32_t group)
{
	xim_thread_slot *t = (xim_thread_slot *)thread_slot(c, tid);
	t->tid = tid;
	t->group = group;
	c->used = 1;
}

void xim_cache_forget_thread(xim_cache *c, uint64_t tid)
{
	xim_thread_slot *t = (xim_thread_slot *)thread_slot(c, tid);
	if (t->tid == tid)
		t->group = 0;
}

static xim_entry *entry_of(xim_cache *c, uint32_t group, int64_t fd)
{
	return &c->entries[xim_mix((uint64_t)group << 32 ^ (uint64_t)fd) & (ENTRY_SLOTS - 1)];
}

const xim_entry *xim_cache_hit(xim_cache *c, uint32_t group, int64_t fd, xim_half half, uint64_t ts)
{
	const xim_entry *e = entry_of(c, group, fd);
	int hit = e->group == group && e->fd == fd && group != 0 &&
		  e->gen[half] != 0 && e->gen[half] == c->objects[e->slot] + 1 &&
		  e->group_gen == *xim_group_gen(c, group) &&
		  ts - e->ts[half] < STALE_NS;
	if (hit)
		c->hits++;
	else
		c->misses++;
	return hit ? e : NULL;
}

xim_entry *xim_cache_fill(xim_cache *c, uint32_t group, int64_t fd, xim_half half, uint64_t ts, uint32_t slot)
{
	xim_entry *e = entry_of(c, group, fd);
	uint32_t gen = *xim_group_gen(c, group);
	if (fd != (int32_t)fd || group == 0)
		return NULL;
	if (e->group != group || e->fd != fd || e->group_gen != gen || e->slot != slot) {
		e->group = group;
		e->fd = (int32_t)fd;
		e->group_gen = gen;
		e->slot = slot;
		e->gen[HALF_READ] = e->gen[HALF_WRITE] = 0;
	}
	e->gen[half] = c->objects[slot] + 1;
	e->ts[half] = ts;
	c->used = 1;
	if (half == HALF_READ)
		e->crosses = 0;
	return e;
}

void xim_cache_drop_fd(xim_cache *c, uint32_t group, int64_t fd)
{
	xim_entry *e = entry_of(c, group, fd);
	if (e->group == group && e->fd == fd)
		e->group = 0;
}

void xim_cache_drop_group(xim_cache *c, uint32_t group)
{
	++*xim_group_gen(c, group);
}
