/*
 * The shim between the framework and Go. The exported plugin_* functions are
 * defined in shim.c, parse.c, extract.c and sense.c; what Go calls back is declared here.
 */
#ifndef XIM_SHIM_H
#define XIM_SHIM_H

#include <stdlib.h>

#include "api.h"
#include "cache.h"
#include "tables.h"

/* What Go made of an event. */
typedef struct {
	uint32_t group;    /* in: the thread group that made it, 0: not known */
	uint32_t verdict;  /* CROSSES_BIT and NEW_BIT, each shifted by the granularity */
	uint32_t cache;    /* whether the access may be skipped the next time */
	uint32_t slot;     /* the object's place in cache.objects, or NO_OBJECT */
	uint32_t again;    /* in: it is the same event as the last time */
} xim_outcome;

/* One plugin instance, found by its handle. */
typedef struct {
	xim_cache cache;
	xim_tables tables;
	const fw_reader *reader; /* valid during a callback */
	const fw_writer *writer; /* the same, NULL where nothing may be written */
	uint64_t events;         /* events that parse was called for */
	uint32_t notice;         /* Go has something to say, which only the event thread may */
	uint64_t parsed_num;     /* the event that was parsed last, 0: none */
	uint64_t verdict_num;    /* the event that the verdict belongs to, 0: none */
	uint32_t verdict;
	uint32_t remembered; /* the verdict is the cache's: Go has not looked at this event */
	uint32_t granularity; /* the configured one, for the short field names */
	uint32_t every_event; /* compat, or no cache: every event goes to Go */
	uint32_t opens;       /* named pipes that were made and not opened yet */
	uint32_t sensing;     /* the kernel sensor tells of accesses, and events do not */
	int64_t made_tid;     /* the thread that was made for the last event of ours, 0: none */
	uint64_t made_mark;
	void *async_owner;
	fw_async_handler async_handler; /* NULL where nothing may be sent */
	char async_error[FW_MAX_ERROR];
	xim_fd fd;            /* what the last look-up found */
	xim_thread thread;
	void *owner;
	void (*log)(void *owner, const char *component, const char *msg, int severity);
} xim_shim;

/* Instances by their handle, 1 to 255, which is the state that the framework holds. */
extern xim_shim *xim_instances[256];

/* Notes the verdict of an event. */
void xim_set_verdict(xim_shim *x, const fw_event_input *in, uint32_t verdict, uint32_t remembered);

/* Parses an event where accesses come from the kernel sensor. */
void xim_sense(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader, const fw_writer *writer);

/* Parses an access that the framework asks about before it handed it to parse. */
void xim_parse_early(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader);

/* Has Go look at an event whose verdict came from the cache; the verdict stays. */
void xim_look_again(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader);

/* Look-ups during a callback; they leave what they find in fd and thread. */
int xim_look_up_fd(xim_shim *x, int64_t tid, int64_t fd);
int xim_look_up_thread(xim_shim *x, int64_t tid);

/* Hands the framework an event; async_error says why it was not taken. */
int32_t xim_send(xim_shim *x, const fw_event *e);

/* Makes the thread of an event of ours, for as long as that is looked at. */
int xim_introduce(xim_shim *x, const xim_newcomer *who, uint64_t mark);

/* Says an error in the framework's log. */
void xim_log(xim_shim *x, const char *msg);

/* Tells whether Go has something to say; any thread may set it. */
void xim_set_notice(xim_shim *x, uint32_t something);

enum { CROSSES_BIT = 1, NEW_BIT = 8, ALL_CROSS_BITS = 7, GRANULARITIES = 3 };

/*
 * Field ids count through the short names, then through the same under each
 * granularity's prefix; the two bools come first. See fields.go.
 */
enum { FIELD_CROSSFLOW = 0, FIELD_NEW = 1, FIELDS_EACH = 14 };

#endif
