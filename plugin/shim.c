/* The life of an instance, and what the plugin says of itself. */
#include "shim.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

xim_shim *xim_instances[256];

int xim_look_up_fd(xim_shim *x, int64_t tid, int64_t fd)
{
	return xim_read_fd(&x->tables, x->reader, tid, fd, &x->fd);
}

int xim_look_up_thread(xim_shim *x, int64_t tid)
{
	return xim_read_thread(&x->tables, x->reader, tid, &x->thread);
}

void xim_log(xim_shim *x, const char *msg)
{
	enum { SEVERITY_ERROR = 3 };
	if (x->log != NULL)
		x->log(x->owner, "xim", msg, SEVERITY_ERROR);
}

void *plugin_init(const fw_init_input *in, int32_t *rc)
{
	xim_shim *x = calloc(1, sizeof *x);
	const char *missing = "memory";
	int ok = x != NULL && xim_tables_init(&x->tables, in, &missing);

	if (x != NULL) {
		x->owner = in->owner;
		x->log = in->log;
	}
	uintptr_t handle = ximInit((char *)in->config, x, ok ? NULL : (char *)missing, rc);
	if (handle == 0 || handle > 255) { /* no state: the framework will not destroy it */
		free(x);
		return NULL;
	}
	if (*rc == FW_SUCCESS && x->sensing)
		xim_tables_mark(&x->tables, in);
	xim_instances[handle] = x;
	return (void *)handle;
}

void plugin_destroy(void *state)
{
	uintptr_t handle = (uintptr_t)state;
	if (handle == 0 || handle > 255 || xim_instances[handle] == NULL)
		return;
	xim_shim *x = xim_instances[handle];
	xim_instances[handle] = NULL; /* ximDestroy frees the handle: another thread may get it */
	ximDestroy(handle);
	free(x);
}

/*
 * Falco installs its signal handlers without SA_ONSTACK. Go code runs on small
 * stacks of its own: a handler that ran there would overrun them.
 */
static void handlers_on_own_stack(void)
{
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		struct sigaction sa;
		if (sigaction(sig, NULL, &sa) != 0 || (sa.sa_flags & SA_ONSTACK))
			continue;
		if (sa.sa_handler == SIG_DFL || sa.sa_handler == SIG_IGN)
			continue;
		sa.sa_flags |= SA_ONSTACK;
		sigaction(sig, &sa, NULL);
	}
}

int32_t plugin_capture_open(void *state, const void *in)
{
	xim_shim *x = xim_instances[(uintptr_t)state];
	int32_t rc = FW_SUCCESS;
	(void)in;
	handlers_on_own_stack();
	x->parsed_num = x->verdict_num = 0; /* event numbers begin anew */
	x->made_tid = 0;
	ximOpened((uintptr_t)state, &rc);
	xim_cache_clear(&x->cache);
	return rc;
}

int32_t plugin_capture_close(void *state, const void *in)
{
	(void)in;
	ximClosed((uintptr_t)state);
	return FW_SUCCESS;
}

/* ---- what the plugin is ---- */

const char *plugin_get_name(void) { return "xim"; }
const char *plugin_get_description(void)
{
	return "Tells when a process, container or pod reads a file that another one wrote";
}
const char *plugin_get_contact(void) { return "github.com/xim-monitor/xim"; }
const char *plugin_get_version(void) { return ximVersion(); }
const char *plugin_get_required_api_version(void) { return "3.11.0"; }
const char *plugin_get_required_event_schema_version(void) { return "4.0.0"; }
const char *plugin_get_parse_event_sources(void) { return "[\"syscall\"]"; }
const char *plugin_get_extract_event_sources(void) { return "[\"syscall\"]"; }

fw_metric *plugin_get_metrics(void *state, uint32_t *n)
{
	*n = 0;
	if ((uintptr_t)state > 255 || xim_instances[(uintptr_t)state] == NULL)
		return NULL; /* asked for from another thread, after destroy */
	return ximMetrics((uintptr_t)state, n);
}
