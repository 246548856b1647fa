/*
 * Asynchronous events: what the kernel sensor found goes to the framework as an event
 * named xim of the thread that read, and comes back to be parsed and shown.
 */
#include "shim.h"

#include <string.h>

#include "_cgo_export.h"

enum { ASYNC = 402 };

const char *plugin_get_async_event_sources(void) { return "[\"syscall\"]"; }
const char *plugin_get_async_events(void) { return "[\"xim\"]"; }

/*
 * Called before the capture is opened, and with no handler when it ends; whatever is
 * configured, and with no handler even where there was none.
 */
int32_t plugin_set_async_event_handler(void *state, void *owner, const fw_async_handler handler)
{
	if ((uintptr_t)state <= 255 && xim_instances[(uintptr_t)state] != NULL)
		ximHandler((uintptr_t)state, owner, handler);
	return FW_SUCCESS;
}

int32_t xim_send(xim_shim *x, const fw_event *e)
{
	x->async_error[0] = 0;
	if (x->async_handler == NULL)
		return FW_FAILURE;
	return x->async_handler(x->async_owner, e, x->async_error);
}

int xim_introduce(xim_shim *x, const xim_newcomer *who, uint64_t mark)
{
	int64_t pid;
	if (x->writer == NULL || xim_read_pid(&x->tables, x->reader, who->tid, &pid) == FOUND ||
	    !xim_make_thread(&x->tables, x->reader, x->writer, who, mark))
		return 0;
	x->made_tid = who->tid;
	x->made_mark = mark;
	return 1;
}

/* Whether an asynchronous event is one of ours, by its second parameter. */
static int is_ours(const fw_event *e)
{
	static const char name[] = "xim";
	const uint8_t *raw = (const uint8_t *)e;
	uint32_t lens[2];
	uint64_t at = sizeof *e + 4ull * e->nparams;
	if (e->nparams < 2 || at > e->len)
		return 0;
	memcpy(lens, raw + sizeof *e, sizeof lens);
	at += lens[0];
	return lens[1] == sizeof name && at + sizeof name <= e->len && memcmp(raw + at, name, sizeof name) == 0;
}

void xim_sense(uintptr_t handle, xim_shim *x, const fw_event_input *in, const fw_reader *reader, const fw_writer *writer)
{
	xim_outcome out = {0};

	if (writer != NULL) {
		x->events++;
		if (__atomic_load_n(&x->notice, __ATOMIC_RELAXED))
			ximSay(handle);
		if (x->made_tid != 0 && in->num != x->parsed_num) {
			xim_unmake_thread(&x->tables, reader, writer, x->made_tid, x->made_mark);
			x->made_tid = 0;
		}
	}
	if (in->evt->type != ASYNC)
		return;
	x->reader = reader;
	x->writer = writer;
	if (is_ours(in->evt)) {
		/* Extraction may have asked for it before: then only its thread may be wanting. */
		out.again = in->num == x->parsed_num;
		x->parsed_num = in->num;
		if (out.again && writer == NULL)
			return;
	} else if (writer == NULL) {
		return;
	}
	ximParse(handle, (void *)in->evt, in->evt->len, &out);
	if (out.verdict != 0)
		xim_set_verdict(x, in, out.verdict, 0);
}

void xim_set_notice(xim_shim *x, uint32_t something)
{
	__atomic_store_n(&x->notice, something, __ATOMIC_RELAXED);
}
