/*
 * Reads of the framework's thread table. Strings and pointers that come out are
 * the framework's: they live until the callback returns.
 */
#ifndef XIM_TABLES_H
#define XIM_TABLES_H

#include "api.h"

enum { MAX_CGROUPS = 16 };

typedef struct {
	void *threads;
	/* fields of a thread */
	void *pid, *uid, *comm, *exe_path, *cwd, *container_id, *cgroups, *descriptors;
	/* fields of a cgroup and of a descriptor */
	void *cgroup_path;
	void *fd_type, *fd_flags, *fd_name, *fd_dev, *fd_ino;
	/* of our own: marks the threads that we made */
	void *made;
} xim_tables;

typedef struct {
	int64_t pid;
	uint32_t uid;
	const char *comm, *exe_path, *cwd;
	const char *container_id;         /* empty where no other plugin wrote it */
	uint32_t ncgroups;
	const char *cgroups[MAX_CGROUPS]; /* paths */
} xim_thread;

/* A thread that the framework does not know. */
typedef struct {
	int64_t tid, pid;
	uint32_t uid;
	const char *comm, *exe_path, *container_id; /* the last two empty where not known */
} xim_newcomer;

typedef struct {
	uint8_t type;
	uint32_t flags;
	uint32_t dev;
	uint64_t ino;
	const char *name;
	uint32_t name_len;
} xim_fd;

/* Why a look-up failed. */
enum { FOUND = 0, NO_THREAD = 1, NO_FD = 2 };

/* Finds the table and its fields; on failure tells in missing what there is not. */
int xim_tables_init(xim_tables *t, const fw_init_input *in, const char **missing);

/* Adds the mark to the table, at init: without it no thread is made. */
void xim_tables_mark(xim_tables *t, const fw_init_input *in);

/*
 * Makes a thread, and takes it away again unless it has been made anew since by the
 * framework. What made it is told by the mark, which is not 0.
 */
int xim_make_thread(const xim_tables *t, const fw_reader *r, const fw_writer *w, const xim_newcomer *who, uint64_t mark);
void xim_unmake_thread(const xim_tables *t, const fw_reader *r, const fw_writer *w, int64_t tid, uint64_t mark);

int xim_read_pid(const xim_tables *t, const fw_reader *r, int64_t tid, int64_t *pid);
int xim_read_thread(const xim_tables *t, const fw_reader *r, int64_t tid, xim_thread *out);
int xim_read_fd(const xim_tables *t, const fw_reader *r, int64_t tid, int64_t fd, xim_fd *out);

#endif
