/*
 * cache_test SEED STEPS: the cache against a model that forgets nothing.
 *
 * The model knows of every descriptor of every thread group which object it leads
 * to, and of every half whether the plugin was last told that it may be skipped,
 * when, and whether anything has happened since that makes the answer worthless.
 * The cache may say "look" at any time, and must say "skip" only where the model
 * does. So that it is not merely right by always looking, some must be skipped.
 */
#include "../../plugin/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 24, FDS = 12, OBJECTS = 40, PLACES = 8, THREADS = 40 };

static xim_cache cache;
static uint64_t seed, now = 5 * STALE_NS;
static unsigned long long step, hits, looks;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

static struct {
	struct {
		int object; /* -1: no object */
		int seen;   /* the object when it was looked at */
		int valid[2];
		uint64_t ts[2];
	} fd[FDS];
	uint32_t id; /* thread group ids and descriptors are reused, and large */
} groups[GROUPS];


static int64_t number(uint32_t fd)
{
	return fd < FDS - 2 ? (int64_t)fd : 0x7ffffffe + (int64_t)(fd - (FDS - 2));
}

static uint32_t place(int object)
{
	return object < 0 ? NO_OBJECT : (uint32_t)object % PLACES; /* shared by many */
}

/* Threads, beside the one that has its group's id. */
static struct {
	uint64_t tid;
	uint32_t g;
} threads[THREADS];

static uint64_t some_thread(uint32_t g)
{
	uint32_t i = chance(THREADS);
	return threads[i].g == g ? threads[i].tid : groups[g].id;
}

static void fail(const char *what, uint32_t g, uint32_t f)
{
	printf("step %llu: %s, group %u fd %u\n", step, what, g, f);
	exit(1);
}

static void changed(int object)
{
	uint32_t *gen = &cache.objects[place(object)];
	if (++*gen == 0)
		*gen = 1;
	for (uint32_t g = 0; g < GROUPS; g++)
		for (uint32_t f = 0; f < FDS; f++)
			if (groups[g].fd[f].seen == object)
				groups[g].fd[f].valid[0] = groups[g].fd[f].valid[1] = 0;
}

static void forget(uint32_t g)
{
	for (uint32_t f = 0; f < FDS; f++)
		groups[g].fd[f].valid[0] = groups[g].fd[f].valid[1] = 0;
}

static void transfer(uint32_t g, uint32_t f, xim_half half)
{
	uint64_t tid = some_thread(g);
	uint32_t group = xim_cache_group(&cache, tid);
	if (group != 0 && group != groups[g].id)
		fail("a thread of another group", g, f);
	if (group == 0) {
		group = groups[g].id;
		xim_cache_learn_thread(&cache, tid, group);
	}
	uint64_t ts = now;
	if (chance(50) == 0)
		ts -= chance(2000); /* processors do not agree on the time */
	int hit = xim_cache_hit(&cache, group, number(f), half, ts) != NULL;
	int may = groups[g].fd[f].valid[half] && ts >= groups[g].fd[f].ts[half] && ts - groups[g].fd[f].ts[half] < STALE_NS;
	if (hit && !may)
		fail(half == HALF_READ ? "a read was skipped" : "a write was skipped", g, f);
	if (hit) {
		hits++;
		return;
	}
	looks++;
	int object = groups[g].fd[f].object;
	if (half == HALF_WRITE && object >= 0 && chance(3) == 0)
		changed(object); /* a new writer */
	if (chance(4) == 0)
		return; /* it crossed a border: to be looked at every time */
	xim_cache_fill(&cache, group, number(f), half, ts, place(object));
	if (place(groups[g].fd[f].seen) != place(object))
		groups[g].fd[f].valid[!half] = 0;
	groups[g].fd[f].seen = object;
	groups[g].fd[f].valid[half] = 1;
	groups[g].fd[f].ts[half] = ts;
}

static void now_leads_to(uint32_t g, uint32_t f, int object)
{
	xim_cache_drop_fd(&cache, groups[g].id, number(f));
	groups[g].fd[f].object = object;
	groups[g].fd[f].valid[0] = groups[g].fd[f].valid[1] = 0;
}

static void one_step(void)
{
	uint32_t g = chance(GROUPS), f = chance(FDS), h = chance(GROUPS);
	now += chance(chance(20) ? 1000000 : 2000000000u);
	switch (chance(40)) {
	case 0: /* open, accept, ...: another object, or none */
		now_leads_to(g, f, (int)chance(OBJECTS + 4) - 4 < 0 ? -1 : (int)chance(OBJECTS));
		break;
	case 1: /* dup */
		now_leads_to(g, f, groups[g].fd[chance(FDS)].object);
		break;
	case 2: /* close, and open as the same number */
		now_leads_to(g, f, -1);
		now_leads_to(g, f, (int)chance(OBJECTS));
		break;
	case 3: /* exec, a new name or user */
		xim_cache_drop_group(&cache, groups[g].id);
		forget(g);
		break;
	case 4: /* exit, and another process of that id, or of a new one */
		for (uint32_t i = 0; i < THREADS; i++)
			if (threads[i].g == g)
				xim_cache_forget_thread(&cache, threads[i].tid);
		xim_cache_forget_thread(&cache, groups[g].id);
		xim_cache_drop_group(&cache, groups[g].id);
		forget(g);
		if (chance(2)) {
			uint32_t id = 1 + chance(4) * 4096 + chance(3000) + (chance(4) == 0 ? 0xfffe0000u : 0);
			for (uint32_t i = 0; i < GROUPS; i++)
				if (groups[i].id == id)
					return;
			groups[g].id = id;
			xim_cache_forget_thread(&cache, groups[g].id);
			xim_cache_drop_group(&cache, id);
		}
		break;
	case 5: /* fork: the child has the parent's descriptors */
		if (g == h)
			break;
		xim_cache_forget_thread(&cache, groups[h].id);
		xim_cache_drop_group(&cache, groups[h].id);
		memcpy(groups[h].fd, groups[g].fd, sizeof groups[g].fd);
		forget(h);
		break;
	case 6: /* O_TRUNC */
		if (groups[g].fd[f].object >= 0)
			changed(groups[g].fd[f].object);
		break;
	case 7:
		if (chance(1000) == 0) {
			xim_cache_clear(&cache);
			for (uint32_t i = 0; i < GROUPS; i++)
				forget(i);
		}
		break;
	case 8: /* what cannot be held must not be found */
		xim_cache_fill(&cache, groups[g].id, (1ll << 32) + number(f), HALF_READ, now, 0);
		if (xim_cache_hit(&cache, groups[g].id, (1ll << 32) + number(f), HALF_READ, now))
			fail("a descriptor of more than 32 bits was found", g, f);
		xim_cache_fill(&cache, 0, number(f), HALF_READ, now, 0);
		if (xim_cache_hit(&cache, 0, number(f), HALF_READ, now))
			fail("a descriptor of group 0 was found", g, f);
		xim_cache_drop_fd(&cache, groups[g].id, -1);
		xim_cache_drop_fd(&cache, 0, number(f));
		break;
	case 9: { /* a thread is gone, and its id is that of one in another group */
		uint32_t i = chance(THREADS);
		xim_cache_forget_thread(&cache, threads[i].tid);
		xim_cache_drop_group(&cache, (uint32_t)threads[i].tid);
		threads[i].g = h;
		break;
	}
	case 10: /* a close and an open that nobody saw: to be noticed when it is next looked at */
		groups[g].fd[f].object = (int)chance(OBJECTS);
		break;
	default:
		transfer(g, f, chance(2) ? HALF_READ : HALF_WRITE);
		if (chance(2)) /* most repeat at once */
			transfer(g, f, HALF_READ);
	}
}

int main(int argc, char **argv)
{
	unsigned long long steps;
	if (argc != 3)
		return 2;
	seed = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
	steps = strtoull(argv[2], NULL, 0);
	/* As it is after calloc, before the first clear, nothing is found either. */
	for (uint32_t f = 0; f < FDS; f++)
		if (xim_cache_hit(&cache, 1, number(f), HALF_READ, now))
			fail("an empty cache found something", 1, f);
	/* Generations soon wrap. */
	for (int i = 0; i < PLACES; i++)
		cache.objects[i] = UINT32_MAX - chance(300);
	for (int i = 0; i < GROUP_SLOTS; i++)
		cache.groups[i] = UINT32_MAX - chance(300);
	xim_cache_clear(&cache);
	for (uint32_t g = 0; g < GROUPS; g++) {
		groups[g].id = g + 1;
		for (uint32_t f = 0; f < FDS; f++)
			groups[g].fd[f].object = groups[g].fd[f].seen = -1;
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i].tid = 1000000 + i * 77;
		threads[i].g = chance(GROUPS);
	}
	for (step = 0; step < steps; step++)
		one_step();
	printf("%llu skipped, %llu looked at\n", hits, looks);
	return hits < steps / 8;
}
