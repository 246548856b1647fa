/*
 * driver LIBRARY: a host for the plugin that is as unkind as the framework may be.
 *
 * It loads the library, reads commands from standard input, one a line, and
 * answers each that has an answer on standard output. Its thread table holds what
 * it was told, or makes threads up. Every event, entry, sub-table and string that
 * the plugin is handed is an allocation of its own, of exactly its size, and is
 * freed when the framework's promise for it ends: AddressSanitizer then reports
 * what is read beside it or after it. An entry that is not released is an error.
 *
 *   about                        what the plugin says of itself
 *   init N CONFIG                instance N; destroy N; open N (capture_open)
 *   thread TID PID COMM ID       a thread, in container ID, "-" on the host
 *   fd TID FD TYPE DEV INO NAME  a descriptor of that thread; type 0 removes it
 *   event N HEX                  parse these bytes, show what is extracted
 *   metric N NAME                one metric's value
 *   handler N                    instance N may send events; nohandler N: no longer
 *   refuse COUNT TEXT            fail to take that many events with TEXT in their data
 *   lose COUNT TEXT              take so many and drop them
 *   take N COUNT TEXT            wait for so many events with TEXT in their data, and
 *                                show each as event does, without its number; others
 *                                are parsed and not shown
 *   taken N COUNT TEXT           the same until so many had a flow, and show only how
 *                                many those were
 *   lies COUNT                   each event that is taken is fed again with lies
 *   close N                      capture_close
 *   bpf                          the ids of what of BPF this process holds
 *   sh COMMAND                   run it, and wait for it
 *   cycle COUNT CONFIG           init, open and destroy, COUNT times
 *   cycles COUNT CONFIG          the same in two threads at once
 *   signals N COUNT              parse while signals come in, COUNT of each kind
 *   metrics N COUNT              parse while another thread asks for metrics
 *   replay N FILE LIES           the events of a capture, with made-up tables;
 *                                LIES mutations of each event besides
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../plugin/api.h"

static void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("driver: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(3);
}

/* ---- the plugin ---- */

static const char *(*get_name)(void), *(*get_version)(void), *(*get_api)(void), *(*get_schema)(void);
static const char *(*get_parse_sources)(void), *(*get_extract_sources)(void), *(*get_fields)(void);
static const char *(*get_init_schema)(int *type), *(*get_last_error)(void *);
static uint16_t *(*get_parse_types)(uint32_t *, void *), *(*get_extract_types)(uint32_t *, void *);
static void *(*init)(const fw_init_input *, int32_t *);
static void (*destroy)(void *);
static int32_t (*capture_open)(void *, const void *), (*capture_close)(void *, const void *);
static int32_t (*parse_event)(void *, const fw_event_input *, const fw_parse_input *);
static int32_t (*extract_fields)(void *, const fw_event_input *, const fw_extract_input *);
static fw_metric *(*get_metrics)(void *, uint32_t *);
static const char *(*get_async_sources)(void), *(*get_async_events)(void);
static int32_t (*set_handler)(void *, void *, fw_async_handler);

static void load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);
	if (lib == NULL)
		die("%s", dlerror());
	struct {
		const char *name;
		void *to;
	} all[] = {
		{"plugin_get_name", &get_name},
		{"plugin_get_version", &get_version},
		{"plugin_get_required_api_version", &get_api},
		{"plugin_get_required_event_schema_version", &get_schema},
		{"plugin_get_parse_event_sources", &get_parse_sources},
		{"plugin_get_extract_event_sources", &get_extract_sources},
		{"plugin_get_fields", &get_fields},
		{"plugin_get_init_schema", &get_init_schema},
		{"plugin_get_last_error", &get_last_error},
		{"plugin_get_parse_event_types", &get_parse_types},
		{"plugin_get_extract_event_types", &get_extract_types},
		{"plugin_init", &init},
		{"plugin_destroy", &destroy},
		{"plugin_capture_open", &capture_open},
		{"plugin_capture_close", &capture_close},
		{"plugin_parse_event", &parse_event},
		{"plugin_extract_fields", &extract_fields},
		{"plugin_get_metrics", &get_metrics},
		{"plugin_get_async_event_sources", &get_async_sources},
		{"plugin_get_async_events", &get_async_events},
		{"plugin_set_async_event_handler", &set_handler},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		void *f = dlsym(lib, all[i].name);
		if (f == NULL)
			die("no %s", all[i].name);
		memcpy(all[i].to, &f, sizeof f);
	}
}

/* ---- what lives until a callback returns ---- */

static __thread void **lent;
static __thread size_t nlent, room;
static __thread int entries; /* not released */

static void *lend(size_t size)
{
	void *p = malloc(size);
	if (nlent == room) {
		room = 2 * room + 16;
		lent = realloc(lent, room * sizeof *lent);
	}
	return lent[nlent++] = p;
}

static const char *lend_text(const char *s)
{
	return strcpy(lend(strlen(s) + 1), s);
}

static void callback_ends(void)
{
	while (nlent > 0)
		free(lent[--nlent]);
	if (entries != 0)
		die("%d entries were not released", entries);
}

/* ---- tables ---- */

enum { THREADS, DESCRIPTORS, CGROUPS };

typedef struct {
	int kind;
	int64_t tid; /* of a sub-table */
} table;

typedef struct {
	int kind;
	const char *name;
	int type;
} field;

static field fields[] = {
	{THREADS, "pid", FW_INT64},     {THREADS, "uid", FW_UINT32},
	{THREADS, "comm", FW_STRING},   {THREADS, "exe_path", FW_STRING},
	{THREADS, "cwd", FW_STRING},    {THREADS, "container_id", FW_STRING},
	{THREADS, "cgroups", FW_TABLE}, {THREADS, "file_descriptors", FW_TABLE},
	{CGROUPS, "second", FW_STRING}, {DESCRIPTORS, "type", FW_UINT8},
	{DESCRIPTORS, "open_flags", FW_UINT32}, {DESCRIPTORS, "name", FW_STRING},
	{DESCRIPTORS, "dev", FW_UINT32}, {DESCRIPTORS, "ino", FW_UINT64},
	{THREADS, "xim_made", FW_UINT64},
};

typedef struct {
	int64_t tid, pid;
	char comm[32], container[80];
	uint64_t made;
	int shown;
} thread;

typedef struct {
	int64_t tid, fd;
	uint8_t type;
	uint32_t dev;
	uint64_t ino;
	char name[4096];
} descriptor;

static int showing; /* the event that is fed */
static thread threads[1024];
static descriptor *descriptors[1024];
static int nthreads, ndescriptors, made_up;
static table thread_table = {THREADS, 0};

typedef struct {
	thread t;
	descriptor d;
	uint64_t index;
} entry;

/* A thread that was never told of: some are unknown, some of no known process, some
 * processes are in containers, by an id of their own or by a path that says it. */
static int make_up_thread(int64_t tid, thread *t)
{
	if (tid <= 0 || tid % 31 == 7)
		return 0;
	int64_t who = tid % 29 == 5 || tid < 4 ? tid : tid & ~3;
	*t = (thread){.tid = tid, .pid = who == tid && tid % 29 == 5 ? -1 : who};
	snprintf(t->comm, sizeof t->comm, "comm%d", (int)(who / 4 % 5));
	if (who / 4 % 4 != 0)
		snprintf(t->container, sizeof t->container, "%0*llx", who % 3 ? 64 : 12, (unsigned long long)(who / 4 % 7) << 50 | 0xabcd);
	return 1;
}

/* What goes wrong for one thread of a process goes wrong for all. */
static int64_t process(const thread *t)
{
	return t->pid > 0 ? t->pid / 4 : t->tid;
}

static int make_up_descriptor(int64_t tid, int64_t fd, descriptor *d)
{
	static const char *const places[] = {"/data/f", "/proc/1/root/f", "/sys/f", "pipe:[", "", "/dev/shm/f", "/run/p", "/usr/lib/l"};
	static const uint8_t types[] = {16, 1, 7, 2, 20, 16, 16, 3};
	if (fd < 0 || fd % 17 == 11)
		return 0;
	*d = (descriptor){.tid = tid, .fd = fd, .type = types[fd % 8], .dev = fd % 5 ? 0x800001 : fd % 2 * 0x31, .ino = fd % 6 ? (uint64_t)fd % 64 + 1 : 0};
	snprintf(d->name, sizeof d->name, "%s%d", places[fd / 8 % 8], (int)(fd % 64));
	return 1;
}

static int find_thread(int64_t tid, thread *out)
{
	for (int i = 0; i < nthreads; i++)
		if (threads[i].tid == tid)
			return *out = threads[i], 1;
	return made_up && make_up_thread(tid, out);
}

static int find_descriptor(int64_t tid, int64_t fd, descriptor *out)
{
	for (int i = 0; i < ndescriptors; i++)
		if (descriptors[i]->tid == tid && descriptors[i]->fd == fd)
			return *out = *descriptors[i], out->type != 0;
	return made_up && make_up_descriptor(tid, fd, out);
}

static void *table_get(void *t, const fw_value *key)
{
	const table *from = t;
	entry *e = calloc(1, sizeof *e);
	int found = 0;
	switch (from->kind) {
	case THREADS:
		found = find_thread(key->s64, &e->t);
		break;
	case DESCRIPTORS:
		found = find_descriptor(from->tid, key->s64, &e->d);
		break;
	case CGROUPS:
		found = find_thread(from->tid, &e->t) && key->u64 != 1;
		e->index = key->u64;
		break;
	}
	if (!found) {
		free(e);
		return NULL;
	}
	entries++;
	return e;
}

static void table_release(void *t, void *e)
{
	(void)t;
	entries--;
	free(e);
}

static uint64_t table_size(void *t)
{
	return ((table *)t)->kind == CGROUPS ? 3 : UINT64_MAX;
}

static const char *container_id(const thread *t)
{
	return t->container[0] == 0 || process(t) % 2 == 0 ? t->container : "";
}

static const char *cgroup_path(const thread *t, uint64_t index)
{
	static char path[256];
	if (t->container[0] == 0 || index == 0)
		return "/";
	snprintf(path, sizeof path, "/kubepods/besteffort/pod%08x-0000-4000-8000-000000000000/%s", (unsigned)(process(t) % 7), t->container);
	return path;
}

static int table_read(void *t, void *entry_, const void *field_, fw_value *out)
{
	const table *from = t;
	const entry *e = entry_;
	const field *f = field_;
	if (from->kind != f->kind)
		die("the field %s was read from another table", f->name);
	memset(out, 0xa5, sizeof *out); /* what is not read is no zero */
#define IS(n) (strcmp(f->name, n) == 0)
	if (IS("pid"))
		out->s64 = e->t.pid;
	else if (IS("xim_made"))
		out->u64 = e->t.made;
	else if (IS("uid"))
		out->u32 = (uint32_t)e->t.tid % 3 * 1000;
	else if (IS("comm"))
		out->str = lend_text(e->t.comm);
	else if (IS("exe_path"))
		out->str = lend_text("/bin/program");
	else if (IS("cwd"))
		out->str = lend_text("/work");
	else if (IS("container_id"))
		out->str = lend_text(container_id(&e->t));
	else if (IS("second"))
		out->str = lend_text(cgroup_path(&e->t, e->index));
	else if (IS("cgroups") || IS("file_descriptors")) {
		if (made_up && process(&e->t) % 37 == 3)
			return FW_FAILURE;
		table *sub = lend(sizeof *sub);
		*sub = (table){IS("cgroups") ? CGROUPS : DESCRIPTORS, e->t.tid};
		out->table = made_up && process(&e->t) % 41 == 4 ? NULL : sub;
	} else if (IS("type"))
		out->u8 = e->d.type;
	else if (IS("open_flags"))
		out->u32 = e->d.type == 16 && made_up && e->d.fd % 3 == 0 ? 1 << 15 : 0;
	else if (IS("name"))
		out->str = lend_text(e->d.name);
	else if (IS("dev"))
		out->u32 = e->d.dev;
	else if (IS("ino"))
		out->u64 = e->d.ino;
#undef IS
	return FW_SUCCESS;
}

static const char *table_name(void *t)
{
	(void)t;
	return "threads";
}

static void *fields_get(void *t, const char *name, int type)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].kind == ((table *)t)->kind && fields[i].type == type && strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static void *writer_create(void *t)
{
	(void)t;
	entries++;
	entry *e = calloc(1, sizeof *e);
	e->t.tid = 1;
	return e;
}

/* An entry that is added is the table's, and lent until it is released. */
static void *writer_add(void *t, const fw_value *key, void *e)
{
	entry *added = e;
	if (t != &thread_table)
		die("an entry was added to another table than threads");
	added->t.tid = key->s64;
	for (int i = 0; i < nthreads; i++)
		if (threads[i].tid == key->s64)
			die("the thread %lld was made though it was there", (long long)key->s64);
	threads[nthreads++] = added->t;
	threads[nthreads - 1].shown = showing;
	if (showing)
		printf("thread %s of process %s, container [%s]\n", added->t.comm, added->t.pid == added->t.tid ? "itself" : "another", added->t.container);
	return added;
}

static int writer_erase(void *t, const fw_value *key)
{
	(void)t;
	for (int i = 0; i < nthreads; i++)
		if (threads[i].tid == key->s64) {
			if (threads[i].shown)
				printf("thread %s erased\n", threads[i].comm);
			threads[i] = threads[--nthreads];
			return FW_SUCCESS;
		}
	return FW_FAILURE;
}

static int writer_write(void *t, void *entry_, const void *field_, const fw_value *in)
{
	entry *e = entry_;
	const field *f = field_;
	(void)t;
#define IS(n) (strcmp(f->name, n) == 0)
	if (IS("pid"))
		e->t.pid = in->s64;
	else if (IS("xim_made"))
		e->t.made = in->u64;
	else if (IS("comm"))
		snprintf(e->t.comm, sizeof e->t.comm, "%s", in->str);
	else if (IS("container_id"))
		snprintf(e->t.container, sizeof e->t.container, "%s", in->str);
	else if (!IS("uid") && !IS("exe_path"))
		return FW_FAILURE;
#undef IS
	return FW_SUCCESS;
}

static void *owner_table(void *owner, const char *name, int key_type)
{
	(void)owner;
	return strcmp(name, "threads") == 0 && key_type == FW_INT64 ? &thread_table : NULL;
}

static void owner_log(void *owner, const char *component, const char *msg, int severity)
{
	(void)owner;
	printf("log %d %s: %s\n", severity, component, msg);
}

static fw_writer writer = {
	.create = writer_create, .destroy = table_release, .add = writer_add, .erase = writer_erase, .write = writer_write,
};
static fw_reader reader = {.name = table_name, .size = table_size, .get = table_get, .read = table_read, .release = table_release};

/* ---- instances ---- */

enum { MAX_INSTANCES = 300 };

typedef struct {
	void *state;
	uint64_t num; /* of the last event */
	int handled;  /* it has a handler */
	fw_event **queue;
	size_t queued, taken;
} instance;

static instance instances[MAX_INSTANCES];

static instance *at(int n)
{
	if (n < 0 || n >= MAX_INSTANCES)
		die("no instance %d", n);
	return &instances[n];
}

/* The tables of init live on the framework's stack. */
static int32_t start(instance *x, const char *config)
{
	int32_t rc = -2;
	fw_writer *w = malloc(sizeof *w);
	fw_fields *f = malloc(sizeof *f);
	fw_reader *r = malloc(sizeof *r);
	fw_init_tables *t = malloc(sizeof *t);
	char *text = strdup(config);
	*w = writer;
	*f = (fw_fields){.get = fields_get, .add = fields_get};
	*r = reader;
	*t = (fw_init_tables){.get = owner_table, .fields = f, .reader = r, .writer = w};
	fw_init_input in = {.config = text, .tables = t, .log = owner_log};
	x->state = init(&in, &rc);
	x->num = 0;
	free(w), free(f), free(r), free(t), free(text);
	callback_ends();
	return rc;
}

/* ---- events ---- */

static uint32_t nfields, crossflow_id, flows_id;
static volatile size_t touched;

static int is_string(uint32_t id)
{
	uint32_t each = (nfields - 1) / 4, i = id % each;
	return id == nfields - 1 || (i > 1 && i != each - 1);
}

static uint32_t field_id(const char *name)
{
	char wanted[64];
	uint32_t id = 0;
	snprintf(wanted, sizeof wanted, "\"%s\"", name);
	for (const char *p = get_fields(); (p = strstr(p, "\"name\":")) != NULL; p += 7, id++)
		if (name[0] != 0 && strncmp(p + 7, wanted, strlen(wanted)) == 0)
			return id;
	return id;
}

static void extract(instance *x, const fw_event_input *in, fw_extract_field *f, uint32_t n)
{
	fw_reader *r = malloc(sizeof *r);
	*r = reader;
	fw_extract_input req = {.num_fields = n, .fields = f, .reader = r};
	if (extract_fields(x->state, in, &req) != FW_SUCCESS)
		die("extraction failed");
	callback_ends();
	free(r);
	for (uint32_t i = 0; i < n; i++)
		for (uint64_t k = 0; k < f[i].res_len; k++) {
			if (is_string(f[i].field_id))
				touched += strlen(((const char **)f[i].res)[k]);
			else
				touched += *(uint32_t *)f[i].res;
		}
}

static int crossings; /* with flows, of what was fed and not shown */

enum { QUIET, NUMBERED, SHOWN };

static void feed(instance *x, const uint8_t *bytes, size_t size, int show)
{
	fw_event *e = malloc(size);
	memcpy(e, bytes, size);
	fw_reader *r = malloc(sizeof *r);
	*r = reader;
	fw_writer *w = malloc(sizeof *w);
	*w = writer;
	fw_event_input in = {e, ++x->num, "syscall"};
	fw_parse_input input = {.reader = r, .writer = w};
	showing = show;
	if (parse_event(x->state, &in, &input) != FW_SUCCESS)
		die("parsing failed");
	callback_ends();
	free(r);
	free(w);

	if (show) {
		fw_extract_field f[] = {{.field_id = crossflow_id}, {.field_id = flows_id}};
		extract(x, &in, f, 2);
		if (show == NUMBERED)
			printf("%llu ", (unsigned long long)in.num);
		printf("%s", *(uint32_t *)f[0].res ? "crosses" : "-");
		for (uint64_t i = 0; i < f[1].res_len; i++)
			printf(" [%s]", ((const char **)f[1].res)[i]);
		putchar('\n');
	} else {
		fw_extract_field f[128] = {0};
		for (uint32_t i = 0; i < nfields; i++)
			f[i].field_id = i;
		extract(x, &in, f, nfields);
		crossings += f[flows_id].res_len > 0;
	}
	free(e);
}

static size_t unhex(const char *hex, uint8_t *to, size_t size)
{
	size_t n = 0;
	unsigned v;
	for (; n < size && sscanf(hex + 2 * n, "%2x", &v) == 1; n++)
		to[n] = (uint8_t)v;
	return n;
}

/* ---- asynchronous events ---- */

static pthread_mutex_t queues = PTHREAD_MUTEX_INITIALIZER;

static struct {
	int count;
	char text[4096];
} refused, lost;

static int has_text(const fw_event *e, const char *text)
{
	return memmem(e, e->len, text, strlen(text)) != NULL;
}

/* It may be called from any thread, and by no one who has no handler any more. */
static int32_t take_in(void *owner, const fw_event *e, char *err)
{
	instance *x = owner;
	int32_t rc = FW_SUCCESS;
	pthread_mutex_lock(&queues);
	if (!x->handled)
		die("an event was sent though there is no handler");
	if (lost.count > 0 && has_text(e, lost.text)) {
		lost.count--;
	} else if (refused.count > 0 && has_text(e, refused.text)) {
		refused.count--;
		snprintf(err, FW_MAX_ERROR, "%0*d", FW_MAX_ERROR - 1, 7);
		rc = FW_FAILURE;
	} else {
		fw_event *copy = malloc(e->len);
		memcpy(copy, e, e->len);
		x->queue = realloc(x->queue, (x->queued + 1) * sizeof *x->queue);
		x->queue[x->queued++] = copy;
	}
	pthread_mutex_unlock(&queues);
	return rc;
}

static void handle(instance *x, int on)
{
	if (on)
		x->handled = 1;
	if (set_handler(x->state, x, on ? take_in : NULL) != FW_SUCCESS)
		die("the handler was refused");
	if (!on)
		x->handled = 0;
}

static fw_event *next_event(instance *x, time_t until)
{
	fw_event *e = NULL;
	while (e == NULL && time(NULL) < until) {
		pthread_mutex_lock(&queues);
		if (x->taken < x->queued)
			e = x->queue[x->taken++];
		pthread_mutex_unlock(&queues);
		if (e == NULL)
			usleep(1000);
	}
	return e;
}

static int lies_of_taken;
static void lie(instance *x, const uint8_t *bytes, size_t size);

static void take(instance *x, const char *args, int show)
{
	char text[4096] = "";
	int count = 0, n = 0, found = 0;
	if (sscanf(args, "%d %4095s", &count, text) != 2)
		die("take %s", args);
	time_t until = time(NULL) + 20;
	while ((show ? n : found) < count) {
		fw_event *e = next_event(x, until);
		if (e == NULL)
			break;
		int ours = has_text(e, text);
		crossings = 0;
		feed(x, (uint8_t *)e, e->len, ours && show ? SHOWN : QUIET);
		n += ours;
		found += ours && crossings;
		for (int i = 0; i < lies_of_taken; i++)
			lie(x, (uint8_t *)e, e->len);
		free(e);
	}
	if (!show || n < count)
		printf("took %d events%s\n", show ? n : found, show ? "" : " with a flow");
}

static void drop_queue(instance *x)
{
	while (x->taken < x->queued)
		free(x->queue[x->taken++]);
	free(x->queue);
	x->queue = NULL;
	x->queued = x->taken = 0;
}

static void show_bpf(void)
{
	char path[512], line[256], kind[16];
	DIR *d = opendir("/proc/self/fdinfo");
	printf("bpf");
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		unsigned id;
		snprintf(path, sizeof path, "/proc/self/fdinfo/%s", e->d_name);
		FILE *f = fopen(path, "r");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			if (sscanf(line, "%15[a-z]_id: %u", kind, &id) == 2 && strstr("prog map link", kind) != NULL) {
				printf(" %s:%u", kind, id);
				break; /* a link's program has a descriptor of its own */
			}
		if (f != NULL)
			fclose(f);
	}
	closedir(d);
	putchar('\n');
}

/* ---- captures ---- */

static uint64_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

/* An event that is not what it says, in memory of the length that it says (the
 * header is always there): all that a framework can promise. */
static void lie(instance *x, const uint8_t *bytes, size_t size)
{
	static uint8_t copy[1 << 20];
	fw_event e;
	memcpy(copy, bytes, size);
	memcpy(&e, copy, sizeof e);
	switch (chance(6)) {
	case 0:
		e.nparams = chance(2) ? chance(80) : ~chance(5);
		break;
	case 1:
		size = sizeof e + chance((uint32_t)(size - sizeof e + 1));
		break;
	case 2: {
		static const uint16_t types[] = {3, 5, 7, 9, 53, 55, 59, 117, 119, 151, 161, 163, 167, 186, 189, 223, 293, 307, 327, 331, 333, 337, 363, 402, 415, 417, 511, 512, 65535};
		e.type = types[chance(sizeof types / sizeof *types)];
		break;
	}
	case 3:
		e.tid = (uint64_t[]){0, UINT64_MAX, 1ull << 32, 1ull << 63}[chance(4)];
		break;
	}
	e.len = (uint32_t)size;
	if (chance(8) == 0)
		e.len = chance(30) < size ? chance(30) : e.len;
	if (e.len > size)
		e.len = (uint32_t)size;
	memcpy(copy, &e, sizeof e);
	if (size > sizeof e)
		for (uint32_t i = chance(4); i > 0; i--)
			copy[sizeof e + chance((uint32_t)(size - sizeof e) < 64 ? (uint32_t)(size - sizeof e) : 64)] = (uint8_t)(chance(2) ? 0xff : chance(256));
	feed(x, copy, size, 0);
}

static void replay(instance *x, const char *path, int lies)
{
	static uint8_t body[1 << 20];
	uint32_t head[2];
	unsigned long long events = 0, lied = 0;
	FILE *f = fopen(path, "r");
	if (f == NULL)
		die("cannot read %s", path);
	made_up = 1;
	while (fread(head, sizeof head, 1, f) == 1) {
		size_t skip = 0;
		if (head[0] == 0x216 || head[0] == 0x221)
			skip = 2; /* the processor */
		else if (head[0] == 0x217 || head[0] == 0x222)
			skip = 6; /* and flags */
		uint32_t rest = head[1] - sizeof head;
		if (head[1] < 12 || (skip > 0 && rest > sizeof body))
			die("a block of %u bytes", head[1]);
		if (skip == 0) {
			for (uint32_t n; rest > 0; rest -= n)
				if ((n = (uint32_t)fread(body, 1, rest < sizeof body ? rest : sizeof body, f)) == 0)
					goto cut;
			continue;
		}
		if (fread(body, rest, 1, f) != 1)
			break;
		fw_event e;
		memcpy(&e, body + skip, sizeof e);
		if (e.len < sizeof e || e.len + skip + 4 > rest)
			die("an event of %u bytes in a block of %u", e.len, head[1]);
		feed(x, body + skip, e.len, 0);
		events++;
		for (int i = 0; i < lies; i++, lied++)
			lie(x, body + skip, e.len);
	}
cut:
	fclose(f);
	made_up = 0;
	printf("replayed %llu events and %llu that lie\n", events, lied);
}

/* ---- other threads ---- */

static const int kinds[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
enum { KINDS = sizeof kinds / sizeof *kinds };
static volatile sig_atomic_t handled[KINDS], astray;
static char *stack_low, *stack_high;

/* A handler needs more room than Go's stacks have to spare, and must not be on one. */
static void on_signal(int sig)
{
	volatile char big[4096];
	stack_t alt;
	memset((char *)big, sig, sizeof big);
	sigaltstack(NULL, &alt);
	if (!(alt.ss_flags & SS_ONSTACK) && !((char *)big >= stack_low && (char *)big < stack_high))
		astray++;
	for (int i = 0; i < KINDS; i++)
		if (kinds[i] == sig)
			handled[i]++;
}

static volatile int count_wanted, stop;
static pthread_t main_thread;

static void *send_signals(void *unused)
{
	(void)unused;
	for (int i = 0; i < KINDS; i++)
		for (int n = 0; n < count_wanted; n++) {
			int before = handled[i];
			pthread_kill(main_thread, kinds[i]);
			while (handled[i] == before) /* it is taken before the next is sent */
				sched_yield();
		}
	stop = 1;
	return NULL;
}

static const char *read_event; /* hex, of the last event command */

static void beside(instance *x, void *(*other)(void *), void *arg)
{
	uint8_t bytes[4096];
	size_t size = unhex(read_event, bytes, sizeof bytes);
	pthread_t t;
	stop = 0;
	pthread_create(&t, NULL, other, arg);
	while (!stop)
		feed(x, bytes, size, 0);
	pthread_join(t, NULL);
}

static void signals(instance *x, int count)
{
	pthread_attr_t attr;
	void *low;
	size_t size;
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &low, &size);
	stack_low = low, stack_high = stack_low + size;
	main_thread = pthread_self();
	count_wanted = count;
	for (int i = 0; i < KINDS; i++)
		signal(kinds[i], on_signal);
	capture_open(x->state, NULL);
	beside(x, send_signals, NULL);
	printf("handled %d %d %d %d, on a stack of Go's: %d\n", (int)handled[0], (int)handled[1], (int)handled[2], (int)handled[3], (int)astray);
}

static uint64_t metric(instance *x, const char *name)
{
	uint32_t n = 0;
	fw_metric *m = get_metrics(x->state, &n);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(m[i].name, name) == 0)
			return m[i].value;
	return UINT64_MAX;
}

static void *ask_metrics(void *x)
{
	uint64_t last = 0;
	for (int i = 0; i < count_wanted; i++) {
		uint64_t now = metric(x, "events");
		if (now < last || now == UINT64_MAX)
			die("the metric events went from %llu to %llu", (unsigned long long)last, (unsigned long long)now);
		last = now;
	}
	stop = 1;
	return NULL;
}

/* ---- commands ---- */

static void print_types(const char *what, uint16_t *(*get)(uint32_t *, void *))
{
	uint32_t n = 0;
	const uint16_t *types = get(&n, NULL);
	printf("%s", what);
	for (uint32_t i = 0; i < n; i++)
		printf(" %u", types[i]);
	putchar('\n');
}

static void about(void)
{
	int schema = 0;
	const char *text = get_init_schema(&schema);
	printf("name %s\nversion %s\napi %s\nschema %s\n", get_name(), get_version(), get_api(), get_schema());
	printf("parse-sources %s\nextract-sources %s\n", get_parse_sources(), get_extract_sources());
	printf("async-sources %s\nasync-events %s\n", get_async_sources(), get_async_events());
	print_types("parse-types", get_parse_types);
	print_types("extract-types", get_extract_types);
	printf("init-schema %d %s\nfields %u\n", schema, text, nfields);
}

static void tell_thread(const char *args)
{
	thread t = {0};
	long long tid, pid;
	if (sscanf(args, "%lld %lld %31s %79s", &tid, &pid, t.comm, t.container) != 4)
		die("thread %s", args);
	if (strcmp(t.container, "-") == 0)
		t.container[0] = 0;
	t.tid = tid, t.pid = pid;
	for (int i = 0; i < nthreads; i++)
		if (threads[i].tid == tid) {
			threads[i] = t;
			return;
		}
	threads[nthreads++] = t;
}

static void tell_descriptor(const char *args)
{
	descriptor d = {0}, *to = NULL;
	long long tid, fd;
	unsigned type;
	unsigned long long ino;
	if (sscanf(args, "%lld %lld %u %x %llu %4095s", &tid, &fd, &type, &d.dev, &ino, d.name) < 3)
		die("fd %s", args);
	d.tid = tid, d.fd = fd, d.type = (uint8_t)type, d.ino = ino;
	for (int i = 0; i < ndescriptors; i++)
		if (descriptors[i]->tid == tid && descriptors[i]->fd == fd)
			to = descriptors[i];
	if (to == NULL)
		to = descriptors[ndescriptors++] = malloc(sizeof d);
	*to = d;
}

static void cycle(instance *x, int count, const char *config)
{
	size_t before = 0;
	for (int i = 0; i < count; i++) {
		if (start(x, config) != FW_SUCCESS)
			die("init %d failed: %s", i, x->state ? get_last_error(x->state) : "no state");
		capture_open(x->state, NULL);
		metric(x, "events");
		capture_close(x->state, NULL);
		destroy(x->state);
		if (i == count / 10)
			before = mallinfo2().uordblks + mallinfo2().hblkhd;
	}
	size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
	if (!stop)
		printf("%d cycles, %s\n", count, after > before + 65536 ? "memory grew" : "no memory lost");
}

static void *cycle_too(void *config)
{
	cycle(at(MAX_INSTANCES - 2), count_wanted, config);
	free(lent);
	return NULL;
}

static void cycles(int count, const char *config)
{
	pthread_t t;
	count_wanted = count;
	stop = 1; /* two at once cannot tell whose memory it is */
	pthread_create(&t, NULL, cycle_too, (void *)config);
	cycle(at(MAX_INSTANCES - 1), count, config);
	pthread_join(t, NULL);
	printf("twice %d cycles\n", count);
}

static void obey(char *line)
{
	char *args = line + strcspn(line, " ");
	char *rest;
	if (*args != 0)
		*args++ = 0;
#define IS(n) (strcmp(line, n) == 0)
	if (IS("about")) {
		about();
	} else if (IS("thread")) {
		tell_thread(args);
	} else if (IS("fd")) {
		tell_descriptor(args);
	} else if (IS("sh")) {
		if (system(args) != 0)
			die("%s failed", args);
	} else if (IS("bpf")) {
		show_bpf();
	} else if (IS("lies")) {
		lies_of_taken = atoi(args);
	} else if (IS("refuse") || IS("lose")) {
		pthread_mutex_lock(&queues);
		if (sscanf(args, "%d %4095s", IS("lose") ? &lost.count : &refused.count, IS("lose") ? lost.text : refused.text) != 2)
			die("%s %s", line, args);
		pthread_mutex_unlock(&queues);
	} else {
		long n = strtol(args, &rest, 10);
		rest += *rest == ' ';
		instance *x = IS("cycle") || IS("cycles") ? NULL : at((int)n);
		if (IS("cycle")) {
			cycle(at(MAX_INSTANCES - 1), (int)n, rest);
		} else if (IS("cycles")) {
			cycles((int)n, rest);
		} else if (IS("init")) {
			int32_t rc = start(x, rest);
			printf("init %ld rc %d%s", n, rc, x->state ? "" : " no state");
			if (rc != FW_SUCCESS && x->state != NULL)
				printf(": %s", get_last_error(x->state));
			putchar('\n');
		} else if (IS("destroy")) {
			destroy(x->state);
			x->state = NULL;
			drop_queue(x);
		} else if (IS("handler")) {
			handle(x, 1);
		} else if (IS("nohandler")) {
			handle(x, 0);
		} else if (IS("take") || IS("taken")) {
			take(x, rest, IS("take"));
		} else if (IS("close")) {
			capture_close(x->state, NULL);
		} else if (IS("state")) {
			printf("state %ld %lu\n", n, (unsigned long)x->state);
		} else if (IS("open")) {
			if (capture_open(x->state, NULL) != FW_SUCCESS)
				printf("open %ld failed: %s\n", n, get_last_error(x->state));
			x->num = 0;
		} else if (IS("event")) {
			uint8_t bytes[65536];
			free((char *)read_event);
			read_event = strdup(rest);
			feed(x, bytes, unhex(rest, bytes, sizeof bytes), 1);
		} else if (IS("metric")) {
			printf("metric %s %lld\n", rest, (long long)metric(x, rest));
		} else if (IS("signals")) {
			signals(x, atoi(rest));
		} else if (IS("metrics")) {
			count_wanted = atoi(rest);
			beside(x, ask_metrics, x);
			printf("metrics asked %d times\n", count_wanted);
		} else if (IS("replay")) {
			char path[4096];
			int lies = 0;
			if (sscanf(rest, "%4095s %d", path, &lies) < 1)
				die("replay %s", rest);
			replay(x, path, lies);
		} else {
			die("what is %s?", line);
		}
	}
#undef IS
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char line[1 << 17];
	if (argc != 2)
		die("usage: driver LIBRARY <commands");
	load(argv[1]);
	nfields = field_id("");
	crossflow_id = field_id("xim.crossflow");
	flows_id = field_id("xim.flows");
	if (nfields < 5 || nfields > 128 || flows_id == nfields)
		die("%u fields", nfields);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] != 0)
			obey(line);
	}
	for (int i = 0; i < ndescriptors; i++)
		free(descriptors[i]);
	free((char *)read_event);
	free(lent);
	return 0;
}
