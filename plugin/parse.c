/*
 * Parsing: which events are of interest, what each does to the cache, and which of
 * them Go has to look at.
 */
#include "shim.h"

#include <string.h>

#include "_cgo_export.h"

typedef enum {
	IGNORED,
	READS,      /* a read through one descriptor */
	WRITES,     /* a write through one descriptor */
	MOVES,      /* other accesses */
	MAPS,       /* a mapping: the parameter is its descriptor, or -1 */
	OPENS,      /* param 0 is a new descriptor */
	REPLACES,   /* the parameter is a descriptor that means something else now */
	RECEIVES,   /* recvmsg, recvmmsg: descriptors may come along */
	FORKS,      /* param 0 is the child, 0 in the child */
	EXITS,
	BECOMES,    /* the thread group has another name or user */
	EXECUTES,
	TELLS,      /* container metadata, named pipes */
	NAMES,      /* a name is another file's: it may be that of a pipe that is waited for */
} handling;

/* The handling of an event, and the index of its descriptor or flags. */
static const struct {
	uint16_t type;
	uint8_t how;
	uint8_t param;
} handlings[] = {
	{7, READS, 2},      {113, READS, 2},    {117, READS, 3},    {121, READS, 3},
	{9, WRITES, 2},     {115, WRITES, 2},   {119, WRITES, 2},   {123, WRITES, 2},
	{189, MOVES, 0},    {167, MOVES, 0},    {333, MOVES, 0},    {161, MAPS, 8},
	{163, MAPS, 8},     {3, OPENS, 2},      {307, OPENS, 3},    {327, OPENS, 3},
	{337, OPENS, 2},    {59, OPENS, 0},     {5, REPLACES, 1},   {363, REPLACES, 0},
	{365, REPLACES, 0}, {367, REPLACES, 0}, {151, REPLACES, 0}, {407, REPLACES, 0},
	{53, RECEIVES, 4},  {55, RECEIVES, 5},  {223, FORKS, 0},    {335, FORKS, 0},
	{225, FORKS, 0},    {227, FORKS, 0},    {186, EXITS, 0},    {401, BECOMES, 0},
	{199, BECOMES, 0},  {193, BECOMES, 0},  {427, BECOMES, 0},  {293, EXECUTES, 0},
	{331, EXECUTES, 0}, {402, TELLS, 0},    {415, TELLS, 0},    {417, TELLS, 0},
	{175, NAMES, 0},    {177, NAMES, 0},    {319, NAMES, 0},    {309, NAMES, 0},
	{311, NAMES, 0},
};

enum { NTYPES = sizeof handlings / sizeof *handlings, MAX_TYPE = 512 };

static struct {
	uint8_t how, param;
} by_type[MAX_TYPE];

__attribute__((constructor)) static void index_handlings(void)
{
	for (int i = 0; i < NTYPES; i++) {
		by_type[handlings[i].type].how = handlings[i].how;
		by_type[handlings[i].type].param = handlings[i].param;
	}
}

uint16_t *plugin_get_parse_event_types(uint32_t *n, void *state)
{
	static uint16_t types[NTYPES];
	(void)state;
	for (int i = 0; i < NTYPES; i++)
		types[i] = handlings[i].type;
	*n = NTYPES;
	return types;
}

/* A parameter of exactly size bytes, or NULL: with Go's checks of the lengths. */
static const uint8_t *param(const fw_event *e, uint32_t i, uint32_t size)
{
	const uint8_t *raw = (const uint8_t *)e;
	uint64_t at = sizeof *e + 2ull * e->nparams;
	uint16_t len = 0;
	if (i >= e->nparams || at > e->len)
		return NULL;
	for (uint32_t j = 0; j <= i; j++) {
		at += len;
		memcpy(&len, raw + sizeof *e + 2 * j, sizeof len);
	}
	return len == size && at + len <= e->len ? raw + at : NULL;
}

static int param_s64(const fw_event *e, uint32_t i, int64_t *v)
{
	const uint8_t *p = param(e, i, sizeof *v);
	if (p != NULL)
		memcpy(v, p, sizeof *v);
	return p != NULL;
}

/*
 * The thread group of a thread. One that the framework could not look up has the
 * process id -1: it is a group by itself.
 */
static uint32_t group_of(xim_shim *x, uint64_t tid)
{
	int64_t pid;
	uint32_t group = xim_cache_group(&x->cache, tid);
	if (group == 0 && (int64_t)tid > 0 && xim_read_pid(&x->tables, x->reader, (int64_t)tid, &pid) == FOUND) {
		group = (uint32_t)(pid > 0 && pid <= UINT32_MAX ? (uint64_t)pid : tid);
		xim_cache_learn_thread(&x->cache, tid, group);
	}
	return group;
}

static void drop_fd(xim_shim *x, uint64_t tid, int64_t fd)
{
	uint32_t group = group_of(x, tid);
	if (group == 0)
		xim_cache_clear(&x->cache); /* whose descriptor it is cannot be told */
	else if (fd >= 0)
		xim_cache_drop_fd(&x->cache, group, fd);
}

/* What was known of a thread's past life under this id. */
static void forget_thread(xim_shim *x, uint64_t tid)
{
	xim_cache_forget_thread(&x->cache, tid);
	xim_cache_drop_group(&x->cache, (uint32_t)tid);
}

void xim_set_verdict(xim_shim *x, const fw_event_input *in, uint32_t verdict, uint32_t remembered)
{
	x->verdict_num = in->num;
	x->verdict = verdict;
	x->remembered = remembered;
}

/* Hands an event to Go. */
static void look(uintptr_t handle, xim_shim *x, const fw_event_input *in, xim_outcome *out)
{
	*out = (xim_outcome){.group = group_of(x, in->evt->tid)};
	ximParse(handle, (void *)in->evt, in->evt->len, out);
	if (out->verdict != 0)
		xim_set_verdict(x, in, out->verdict, 0);
}

/* A read or write through one descriptor: the hot path. */
static void transfer(uintptr_t handle, xim_shim *x, const fw_event_input *in, uint32_t fd_param, xim_half half)
{
	const fw_event *e = in->evt;
	xim_outcome out;
	int64_t res, fd;
	int known = param_s64(e, 0, &res) && param_s64(e, fd_param, &fd);

	if (known && !x->every_event) {
		if (res <= 0)
			return;
		const xim_entry *hit = xim_cache_hit(&x->cache, xim_cache_group(&x->cache, e->tid), fd, half, e->ts);
		if (hit != NULL) {
			if (half == HALF_READ && hit->crosses != 0)
				xim_set_verdict(x, in, hit->crosses, 1);
			return;
		}
	}
	look(handle, x, in, &out);
	if (known && out.cache) {
		xim_entry *kept = xim_cache_fill(&x->cache, out.group, fd, half, e->ts, out.slot);
		if (kept != NULL && half == HALF_READ)
			kept->crosses = out.verdict & ALL_CROSS_BITS;
	}
}

/* Whether an open may change what is known of the object, or tells of its device. */
static int matters(const xim_shim *x, const fw_event *e, uint32_t flags_param)
{
	enum { TRUNC = 1 << 8, TEMPORARY = 1 << 13, CREATED = 1 << 14, UPPER = 1 << 15, LOWER = 1 << 16 };
	uint32_t flags;
	const uint8_t *p;
	if (flags_param == 0 || x->every_event || x->opens)
		return 1;
	p = param(e, flags_param, sizeof flags);
	if (p == NULL)
		return 1; /* Go will say what is wrong */
	memcpy(&flags, p, sizeof flags);
	return (flags & (TRUNC | TEMPORARY | CREATED | UPPER | LOWER)) != 0;
}

static void parse(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader)
{
	const fw_event *e = in->evt;
	xim_outcome out;
	int64_t v = -1;

	x->reader = reader;
	x->parsed_num = in->num;
	x->events++;
	uint32_t i = by_type[e->type].param;
	switch (by_type[e->type].how) {
	case READS:
		transfer(handle, x, in, i, HALF_READ);
		break;
	case WRITES:
		transfer(handle, x, in, i, HALF_WRITE);
		break;
	case OPENS:
		if (param_s64(e, 0, &v)) {
			if (v < 0)
				break;
			drop_fd(x, e->tid, v);
		}
		if (matters(x, e, i))
			look(handle, x, in, &out);
		break;
	case REPLACES:
		if (param_s64(e, i, &v) && v >= 0)
			drop_fd(x, e->tid, v);
		break;
	case RECEIVES:
		if (param(e, i, 0) == NULL)
			xim_cache_drop_group(&x->cache, group_of(x, e->tid));
		break;
	case FORKS:
		if (param_s64(e, 0, &v) && v == 0)
			forget_thread(x, e->tid);
		else if (v > 0)
			forget_thread(x, (uint64_t)v);
		break;
	case EXITS:
		forget_thread(x, e->tid);
		break;
	case BECOMES:
		xim_cache_drop_group(&x->cache, group_of(x, e->tid));
		break;
	case EXECUTES:
		xim_cache_forget_thread(&x->cache, e->tid);
		xim_cache_drop_group(&x->cache, group_of(x, e->tid));
		look(handle, x, in, &out);
		break;
	case NAMES:
		if (x->opens != 0)
			look(handle, x, in, &out);
		break;
	case MAPS:
		if (!param_s64(e, i, &v) || v >= 0) /* -1: of no file */
			look(handle, x, in, &out);
		break;
	case MOVES:
	case TELLS:
		look(handle, x, in, &out);
		break;
	}
}

/* An access may be parsed early: extraction asks for it before parse gets it. */
static int is_access(const fw_event *e)
{
	return e->type < MAX_TYPE && by_type[e->type].how <= MAPS;
}

int32_t plugin_parse_event(void *state, const fw_event_input *in, const fw_parse_input *input)
{
	xim_shim *x = xim_instances[(uintptr_t)state];
	if (x->sensing) {
		xim_sense((uintptr_t)state, x, in, input->reader, input->writer);
		return FW_SUCCESS;
	}
	/* The events at the head of a capture share a number; they are no accesses. */
	if (in->num == x->parsed_num && is_access(in->evt))
		return FW_SUCCESS;
	if (in->evt->type < MAX_TYPE)
		parse((uintptr_t)state, x, in, input->reader);
	return FW_SUCCESS;
}

void xim_parse_early(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader)
{
	if (x->sensing)
		xim_sense(handle, x, in, reader, NULL);
	else if (in->num != x->parsed_num && is_access(in->evt))
		parse(handle, x, in, reader);
}

void xim_look_again(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader)
{
	xim_outcome out;
	uint32_t verdict = x->verdict;
	x->reader = reader;
	look(handle, x, in, &out);
	xim_set_verdict(x, in, verdict, 0);
}
