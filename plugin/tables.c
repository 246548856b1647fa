#include "tables.h"

#include <string.h>

/* The entry of a new thread, made only to reach the fields of its sub-tables. */
static int sub_fields(xim_tables *t, const fw_init_tables *in, const char **missing)
{
	fw_value v;
	void *entry = in->writer->create(t->threads);
	int ok = 0;

	*missing = "a new entry in the table threads";
	if (entry == NULL)
		return 0;
	*missing = "the field file_descriptors or cgroups of the table threads";
	if (in->reader->read(t->threads, entry, t->descriptors, &v) == FW_SUCCESS) {
		t->fd_type = in->fields->get(v.table, "type", FW_UINT8);
		t->fd_flags = in->fields->get(v.table, "open_flags", FW_UINT32);
		t->fd_name = in->fields->get(v.table, "name", FW_STRING);
		t->fd_dev = in->fields->get(v.table, "dev", FW_UINT32);
		t->fd_ino = in->fields->get(v.table, "ino", FW_UINT64);
		if (in->reader->read(t->threads, entry, t->cgroups, &v) == FW_SUCCESS)
			t->cgroup_path = in->fields->get(v.table, "second", FW_STRING);
		ok = t->fd_type && t->fd_flags && t->fd_name && t->fd_dev && t->fd_ino && t->cgroup_path;
	}
	in->writer->destroy(t->threads, entry);
	return ok;
}

int xim_tables_init(xim_tables *t, const fw_init_input *input, const char **missing)
{
	const fw_init_tables *in = input->tables;

	*missing = "the tables (does the framework support parsing?)";
	if (in == NULL || in->fields == NULL || in->reader == NULL || in->writer == NULL)
		return 0;
	*missing = "the table threads";
	t->threads = in->get(input->owner, "threads", FW_INT64);
	if (t->threads == NULL)
		return 0;

	struct {
		void **field;
		const char *name;
		int type;
	} fields[] = {
		{&t->pid, "pid", FW_INT64},
		{&t->uid, "uid", FW_UINT32},
		{&t->comm, "comm", FW_STRING},
		{&t->exe_path, "exe_path", FW_STRING},
		{&t->cwd, "cwd", FW_STRING},
		{&t->cgroups, "cgroups", FW_TABLE},
		{&t->descriptors, "file_descriptors", FW_TABLE},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*missing = fields[i].name;
		*fields[i].field = in->fields->get(t->threads, fields[i].name, fields[i].type);
		if (*fields[i].field == NULL)
			return 0;
	}
	/* The container plugin's field: there already, or made for it to find. */
	t->container_id = in->fields->get(t->threads, "container_id", FW_STRING);
	if (t->container_id == NULL)
		t->container_id = in->fields->add(t->threads, "container_id", FW_STRING);
	return sub_fields(t, in, missing);
}

void xim_tables_mark(xim_tables *t, const fw_init_input *input)
{
	const char *name = "xim_made";
	t->made = input->tables->fields->get(t->threads, name, FW_UINT64);
	if (t->made == NULL)
		t->made = input->tables->fields->add(t->threads, name, FW_UINT64);
}

static const char *text(const xim_tables *t, const fw_reader *r, void *entry, const void *field)
{
	fw_value v;
	if (field == NULL || r->read(t->threads, entry, field, &v) != FW_SUCCESS || v.str == NULL)
		return "";
	return v.str;
}

static void *thread_entry(const xim_tables *t, const fw_reader *r, int64_t tid)
{
	fw_value key = {.s64 = tid};
	return r->get(t->threads, &key);
}

static int64_t pid_of(const xim_tables *t, const fw_reader *r, void *entry, int64_t tid)
{
	fw_value v;
	return r->read(t->threads, entry, t->pid, &v) == FW_SUCCESS ? v.s64 : tid;
}

int xim_read_pid(const xim_tables *t, const fw_reader *r, int64_t tid, int64_t *pid)
{
	void *e = thread_entry(t, r, tid);
	if (e == NULL)
		return NO_THREAD;
	*pid = pid_of(t, r, e, tid);
	r->release(t->threads, e);
	return FOUND;
}

static void read_cgroups(const xim_tables *t, const fw_reader *r, void *entry, xim_thread *out)
{
	fw_value sub, key, v;
	if (r->read(t->threads, entry, t->cgroups, &sub) != FW_SUCCESS || sub.table == NULL)
		return;
	uint64_t n = r->size(sub.table);
	for (key.u64 = 0; n != UINT64_MAX && key.u64 < n && out->ncgroups < MAX_CGROUPS; key.u64++) {
		void *e = r->get(sub.table, &key);
		if (e == NULL)
			continue;
		if (r->read(sub.table, e, t->cgroup_path, &v) == FW_SUCCESS && v.str != NULL)
			out->cgroups[out->ncgroups++] = v.str;
		r->release(sub.table, e);
	}
}

int xim_read_thread(const xim_tables *t, const fw_reader *r, int64_t tid, xim_thread *out)
{
	fw_value v;
	memset(out, 0, sizeof *out);
	void *e = thread_entry(t, r, tid);
	if (e == NULL)
		return NO_THREAD;
	out->pid = pid_of(t, r, e, tid);
	out->uid = r->read(t->threads, e, t->uid, &v) == FW_SUCCESS ? v.u32 : UINT32_MAX;
	out->comm = text(t, r, e, t->comm);
	out->exe_path = text(t, r, e, t->exe_path);
	out->cwd = text(t, r, e, t->cwd);
	out->container_id = text(t, r, e, t->container_id);
	read_cgroups(t, r, e, out);
	r->release(t->threads, e);
	return FOUND;
}

int xim_read_fd(const xim_tables *t, const fw_reader *r, int64_t tid, int64_t fd, xim_fd *out)
{
	fw_value key = {.s64 = fd}, sub, v;
	int rc = NO_FD;
	memset(out, 0, sizeof *out);
	void *thread = thread_entry(t, r, tid);
	if (thread == NULL)
		return NO_THREAD;
	if (r->read(t->threads, thread, t->descriptors, &sub) == FW_SUCCESS && sub.table != NULL) {
		void *e = r->get(sub.table, &key);
		if (e != NULL) {
			rc = FOUND;
#define FIELD(field, to, member) \
	if (r->read(sub.table, e, t->field, &v) == FW_SUCCESS) \
		out->to = v.member
			FIELD(fd_type, type, u8);
			FIELD(fd_flags, flags, u32);
			FIELD(fd_dev, dev, u32);
			FIELD(fd_ino, ino, u64);
			FIELD(fd_name, name, str);
#undef FIELD
			r->release(sub.table, e);
		}
	}
	r->release(t->threads, thread);
	if (out->name == NULL)
		out->name = "";
	out->name_len = (uint32_t)strlen(out->name);
	return rc;
}

static int write_text(const xim_tables *t, const fw_writer *w, void *entry, const void *field, const char *text)
{
	fw_value v = {.str = text};
	return field == NULL || *text == 0 || w->write(t->threads, entry, field, &v) == FW_SUCCESS;
}

int xim_make_thread(const xim_tables *t, const fw_reader *r, const fw_writer *w, const xim_newcomer *who, uint64_t mark)
{
	fw_value tid = {.s64 = who->tid}, pid = {.s64 = who->pid}, uid = {.u32 = who->uid}, made = {.u64 = mark};
	if (t->made == NULL)
		return 0;
	void *entry = w->create(t->threads);
	if (entry == NULL)
		return 0;
	if (w->write(t->threads, entry, t->pid, &pid) != FW_SUCCESS ||
	    w->write(t->threads, entry, t->uid, &uid) != FW_SUCCESS ||
	    w->write(t->threads, entry, t->made, &made) != FW_SUCCESS ||
	    !write_text(t, w, entry, t->comm, who->comm) ||
	    !write_text(t, w, entry, t->exe_path, who->exe_path) ||
	    !write_text(t, w, entry, t->container_id, who->container_id)) {
		w->destroy(t->threads, entry);
		return 0;
	}
	entry = w->add(t->threads, &tid, entry);
	if (entry == NULL)
		return 0; /* the table is full; the entry was its to destroy */
	r->release(t->threads, entry);
	return 1;
}

void xim_unmake_thread(const xim_tables *t, const fw_reader *r, const fw_writer *w, int64_t tid, uint64_t mark)
{
	fw_value key = {.s64 = tid}, v;
	void *entry = thread_entry(t, r, tid);
	if (entry == NULL)
		return;
	int ours = r->read(t->threads, entry, t->made, &v) == FW_SUCCESS && v.u64 == mark;
	r->release(t->threads, entry);
	if (ours)
		w->erase(t->threads, &key);
}
