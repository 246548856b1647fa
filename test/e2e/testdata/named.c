/*
 * A plugin that does to the thread table what the container plugin does: on the
 * first event of a thread it writes the container's id. The ids are given in the
 * environment, XIM_NAMED_<tid>=<id>.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api.h"

static void *threads, *field;

const char *plugin_get_name(void) { return "named"; }
const char *plugin_get_description(void) { return "Names threads' containers"; }
const char *plugin_get_contact(void) { return "github.com/xim-monitor/xim"; }
const char *plugin_get_version(void) { return "0.1.0"; }
const char *plugin_get_required_api_version(void) { return "3.11.0"; }
const char *plugin_get_required_event_schema_version(void) { return "4.0.0"; }
const char *plugin_get_parse_event_sources(void) { return "[\"syscall\"]"; }
const char *plugin_get_last_error(void *s) { (void)s; return "no table of threads"; }
void plugin_destroy(void *s) { (void)s; }

void *plugin_init(const fw_init_input *in, int32_t *rc)
{
	threads = in->tables->get(in->owner, "threads", FW_INT64);
	field = in->tables->fields->add(threads, "container_id", FW_STRING);
	*rc = threads != NULL && field != NULL ? FW_SUCCESS : FW_FAILURE;
	return &threads;
}

int32_t plugin_parse_event(void *s, const fw_event_input *in, const fw_parse_input *tables)
{
	char name[64];
	(void)s;
	snprintf(name, sizeof name, "XIM_NAMED_%llu", (unsigned long long)in->evt->tid);
	fw_value key = {.s64 = (int64_t)in->evt->tid}, id = {.str = getenv(name)};
	if (id.str == NULL)
		return FW_SUCCESS;
	void *entry = tables->reader->get(threads, &key);
	if (entry != NULL) {
		tables->writer->write(threads, entry, field, &id);
		tables->reader->release(threads, entry);
	}
	return FW_SUCCESS;
}
