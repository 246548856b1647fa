/*
 * hot LIBRARY OBJECTS: what a read costs that repeats one which changed nothing,
 * with so many objects remembered. It writes each object once, then reads the same
 * byte of one file again and again, and prints nanoseconds of CPU for each: of a
 * call of the plugin for a write that is looked at, and for a read that is not; and
 * with xim.crossflow asked on every read.
 *
 * Its thread table has one thread, with descriptor 3 to write and 4 to read.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"

enum { THREAD = 100, WRITER = 3, READER = 4 };
enum { F_PID = 1, F_UID, F_COMM, F_EXE, F_CWD, F_CONTAINER, F_CGROUPS, F_FDS, F_PATH, F_TYPE, F_FLAGS, F_NAME, F_DEV, F_INO };

static char threads, descriptors, cgroups, thread;
static int64_t fds[8] = {0, 1, 2, WRITER, READER};
static uint64_t inode;
static char path[32];

static void *get_table(void *o, const char *name, int type) { (void)o; (void)name; (void)type; return &threads; }

static void *get_field(void *table, const char *name, int type)
{
	static const char *names[] = {"", "pid", "uid", "comm", "exe_path", "cwd", "container_id", "cgroups",
				      "file_descriptors", "second", "type", "open_flags", "name", "dev", "ino"};
	(void)table;
	(void)type;
	for (intptr_t i = 1; i < (intptr_t)(sizeof names / sizeof *names); i++)
		if (strcmp(names[i], name) == 0)
			return (void *)i;
	return NULL;
}

static void *get_entry(void *table, const fw_value *key)
{
	if (table == &threads)
		return key->s64 == THREAD ? &thread : NULL;
	return table == &descriptors && key->s64 < 8 ? &fds[key->s64] : NULL;
}

static int read_field(void *table, void *entry, const void *field, fw_value *out)
{
	int64_t fd = table == &descriptors ? *(int64_t *)entry : 0;
	switch ((intptr_t)field) {
	case F_PID: out->s64 = THREAD; break;
	case F_UID: out->u32 = 0; break;
	case F_COMM: case F_EXE: case F_CWD: out->str = "bench"; break;
	case F_CONTAINER: out->str = ""; break;
	case F_CGROUPS: out->table = &cgroups; break;
	case F_FDS: out->table = &descriptors; break;
	case F_TYPE: out->u8 = 16; break;
	case F_FLAGS: out->u32 = 0; break;
	case F_NAME: out->str = fd == WRITER ? path : "/srv/read"; break;
	case F_DEV: out->u32 = 0xfe00; break;
	case F_INO: out->u64 = fd == WRITER ? inode : 1; break;
	default: return FW_FAILURE;
	}
	return FW_SUCCESS;
}

static uint64_t size(void *table) { (void)table; return 0; }
static void release(void *table, void *entry) { (void)table; (void)entry; }
static void *create(void *table) { (void)table; return &thread; }

static fw_fields fields = {.get = get_field, .add = get_field};
static fw_reader reader = {.size = size, .get = get_entry, .read = read_field, .release = release};
static fw_writer writer = {.create = create, .destroy = release};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A read or write of one byte, in the layout of both. */
static struct __attribute__((packed)) {
	fw_event header;
	uint16_t lengths[4];
	int64_t res;
	char data;
	int64_t fd;
	uint32_t size;
} event = {{.tid = THREAD, .len = sizeof event, .nparams = 4}, {8, 1, 8, 4}, 1, 'x', 0, 1};

int main(int argc, char **argv)
{
	void *lib = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
	if (lib == NULL) {
		fprintf(stderr, "hot LIBRARY OBJECTS: %s\n", argc == 3 ? dlerror() : "two arguments are needed");
		return 1;
	}
	void *(*init)(const fw_init_input *, int32_t *) = dlsym(lib, "plugin_init");
	int32_t (*open)(void *, const void *) = dlsym(lib, "plugin_capture_open");
	int32_t (*parse)(void *, const fw_event_input *, const fw_parse_input *) = dlsym(lib, "plugin_parse_event");
	int32_t (*extract)(void *, const fw_event_input *, const fw_extract_input *) = dlsym(lib, "plugin_extract_fields");
	long objects = atol(argv[2]), reads = 20000000;
	char config[64];
	int32_t rc = 0;

	snprintf(config, sizeof config, "{\"max_objects\":%ld}", objects + 16);
	fw_init_tables tables = {.get = get_table, .fields = &fields, .reader = &reader, .writer = &writer};
	void *state = init(&(fw_init_input){.config = config, .tables = &tables}, &rc);
	if (rc != FW_SUCCESS)
		return 1;
	open(state, NULL);

	fw_event_input in = {&event.header, 0, "syscall"};
	fw_parse_input tables_now = {.reader = &reader, .writer = &writer};
	event.header.type = 9;
	event.fd = WRITER;
	double start = now();
	for (inode = 1000; inode < 1000 + (uint64_t)objects; inode++) {
		snprintf(path, sizeof path, "/srv/%02d/%llu", (int)(inode % 100), (unsigned long long)inode);
		event.header.ts += 2000000000; /* so that every one is looked at */
		in.num++;
		parse(state, &in, &tables_now);
	}
	double written = (now() - start) / (double)objects;

	event.header.type = 7;
	event.fd = READER;
	start = now();
	for (long i = 0; i < reads; i++) {
		event.header.ts += 100;
		in.num++;
		parse(state, &in, &tables_now);
	}
	double parsed = (now() - start) / (double)reads;

	fw_extract_field field = {.field_id = 0, .field = "xim.crossflow", .ftype = 25};
	fw_extract_input ask = {.num_fields = 1, .fields = &field, .reader = &reader};
	start = now();
	for (long i = 0; i < reads; i++) {
		event.header.ts += 100;
		in.num++;
		parse(state, &in, &tables_now);
		extract(state, &in, &ask);
	}
	double asked = (now() - start) / (double)reads;
	printf("%10ld objects: a write that is looked at %5.0f ns, a read that repeats %5.1f ns, with xim.crossflow asked %5.1f ns\n",
	       objects, written, parsed, asked);
	return 0;
}
