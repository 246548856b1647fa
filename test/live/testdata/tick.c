/*
 * A live engine for a libsinsp host that has none: a source plugin of the source
 * "syscall", which is what one without an id and a source of its own is. It is
 * opened with the number of a file descriptor. What comes in there are events, as
 * bytes, one after the other; the end of input ends the capture.
 *
 * While nothing comes, it ticks: it makes up the event that libscap's own engine
 * without a driver makes up, which means nothing and is not shown. Time goes on with
 * events only: without them a host keeps another plugin's asynchronous event that
 * carries a time until the next event that is younger.
 *
 * Where the descriptor is a socket, a byte is written to it when the capture runs,
 * and one for each event that came in when the host is done with it.
 *
 * An asynchronous event named "process" puts a thread into the host's table, as a
 * live host's first look at /proc does. Its data are strings, each with its end: tid,
 * pid, ptid, uid, gid, comm, exe, exe_path and the path of the cgroup. (Clone and
 * execve cannot: a source plugin's make libsinsp 0.23 follow a null pointer.)
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"

enum { END = 2 };
enum { EVERY = 5 /* milliseconds */, LARGEST = 1 << 17 };

static struct {
	int fd;
	int started; /* the first event is out: sysdig does not survive a capture of none */
	int owes;    /* a byte */
	const char *error;
	fw_event *event;
	uint8_t room[LARGEST];
} engine;

enum { TID, PID, PTID, UID, GID, COMM, EXE, EXE_PATH, CGROUP, NVALUES };

static struct {
	const char *name;
	int type;
	void *field;
} columns[NVALUES] = {
	[PID] = {"pid", FW_INT64, NULL},
	[PTID] = {"ptid", FW_INT64, NULL},
	[UID] = {"uid", FW_UINT32, NULL},
	[GID] = {"gid", FW_UINT32, NULL},
	[COMM] = {"comm", FW_STRING, NULL},
	[EXE] = {"exe", FW_STRING, NULL},
	[EXE_PATH] = {"exe_path", FW_STRING, NULL},
	[CGROUP] = {"cgroups", FW_TABLE, NULL},
};
static void *threads, *cgroup_path;

static const struct {
	fw_event event;
	uint16_t lens[2];
	uint8_t params[4 + 8];
} __attribute__((packed)) tick = {
	{.ts = UINT64_MAX /* now */, .tid = UINT64_MAX, .len = sizeof tick, .type = 196, .nparams = 2}, {4, 8}, {0},
};

const char *plugin_get_name(void) { return "tick"; }
const char *plugin_get_description(void) { return "Hands the host the events that a test sends"; }
const char *plugin_get_contact(void) { return "github.com/xim-monitor/xim"; }
const char *plugin_get_version(void) { return "0.1.0"; }
const char *plugin_get_required_api_version(void) { return "3.11.0"; }
const char *plugin_get_required_event_schema_version(void) { return "4.0.0"; }
const char *plugin_get_last_error(void *s) { (void)s; return engine.error; }
void plugin_destroy(void *s) { (void)s; }
void plugin_close(void *s, void *h) { (void)s; (void)h; }

void *plugin_init(const fw_init_input *in, int32_t *rc)
{
	const fw_init_tables *t = in->tables;
	fw_value sub;
	engine.error = "a table or a field is missing";
	*rc = FW_FAILURE;
	threads = t->get(in->owner, "threads", FW_INT64);
	if (threads == NULL)
		return &engine;
	for (int i = PID; i < NVALUES; i++)
		if ((columns[i].field = t->fields->get(threads, columns[i].name, columns[i].type)) == NULL)
			return &engine;
	void *thread = t->writer->create(threads);
	if (thread == NULL || t->reader->read(threads, thread, columns[CGROUP].field, &sub) != FW_SUCCESS)
		return &engine;
	cgroup_path = t->fields->get(sub.table, "second", FW_STRING);
	t->writer->destroy(threads, thread);
	if (cgroup_path != NULL)
		*rc = FW_SUCCESS;
	return &engine;
}

uint16_t *plugin_get_parse_event_types(uint32_t *n, void *s)
{
	static uint16_t async[] = {402};
	(void)s;
	*n = 1;
	return async;
}

const char *plugin_get_parse_event_sources(void) { return "[\"syscall\"]"; }

static void put_cgroup(const fw_parse_input *in, void *thread, const char *path)
{
	fw_value sub, index = {.u64 = 0}, v = {.str = path};
	if (in->reader->read(threads, thread, columns[CGROUP].field, &sub) != FW_SUCCESS)
		return;
	void *cgroup = in->writer->create(sub.table);
	if (cgroup == NULL || (cgroup = in->writer->add(sub.table, &index, cgroup)) == NULL)
		return;
	in->writer->write(sub.table, cgroup, cgroup_path, &v);
	in->reader->release(sub.table, cgroup);
}

int32_t plugin_parse_event(void *s, const fw_event_input *event, const fw_parse_input *in)
{
	const char *at = (const char *)(event->evt + 1), *values[NVALUES];
	uint32_t lens[3];
	(void)s;
	memcpy(lens, at, sizeof lens);
	at += sizeof lens + lens[0];
	if (strcmp(at, "process") != 0)
		return FW_SUCCESS;
	at += lens[1];
	for (int i = 0; i < NVALUES; i++, at += strlen(at) + 1)
		values[i] = at;
	void *thread = in->writer->create(threads);
	if (thread == NULL)
		return FW_FAILURE;
	for (int i = PID; i < CGROUP; i++) {
		fw_value v = {.s64 = 0};
		if (columns[i].type == FW_STRING)
			v.str = values[i];
		else if (columns[i].type == FW_INT64)
			v.s64 = strtoll(values[i], NULL, 10);
		else
			v.u32 = (uint32_t)strtoul(values[i], NULL, 10);
		in->writer->write(threads, thread, columns[i].field, &v);
	}
	fw_value tid = {.s64 = strtoll(values[TID], NULL, 10)};
	if ((thread = in->writer->add(threads, &tid, thread)) == NULL)
		return FW_FAILURE;
	put_cgroup(in, thread, values[CGROUP]);
	in->reader->release(threads, thread);
	return FW_SUCCESS;
}

void *plugin_open(void *s, const char *params, int32_t *rc)
{
	char *end;
	(void)s;
	engine.fd = (int)strtol(params, &end, 10);
	engine.started = engine.owes = 0;
	engine.event = (fw_event *)engine.room;
	*rc = *params != 0 && *end == 0 ? FW_SUCCESS : FW_FAILURE;
	if (*rc != FW_SUCCESS)
		engine.error = "the open parameter is no number of a file descriptor";
	return &engine;
}

/* Reads so many bytes; 0 where there are no more. */
static int fill(uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = read(engine.fd, to, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		to += got;
		n -= (size_t)got;
	}
	return 1;
}

int32_t plugin_next_batch(void *s, void *h, uint32_t *n, fw_event ***events)
{
	struct pollfd in = {.fd = engine.fd, .events = POLLIN};
	(void)s;
	(void)h;
	*n = 0;
	*events = &engine.event;
	if (engine.owes) /* to a pipe nothing can be paid: this fails */
		(void)send(engine.fd, "", 1, MSG_NOSIGNAL);
	engine.owes = 0;
	if (!engine.started || poll(&in, 1, EVERY) <= 0) {
		memcpy(engine.room, &tick, sizeof tick);
		engine.owes = !engine.started;
		engine.started = *n = 1;
		return FW_SUCCESS;
	}
	if (!fill(engine.room, sizeof(fw_event)))
		return END;
	uint32_t len = engine.event->len;
	if (len < sizeof(fw_event) || len > LARGEST || !fill(engine.room + sizeof(fw_event), len - sizeof(fw_event))) {
		engine.error = "an event of an impossible length, or cut short";
		return FW_FAILURE;
	}
	engine.owes = *n = 1;
	return FW_SUCCESS;
}
