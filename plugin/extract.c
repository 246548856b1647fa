/* Extraction: fields of the event that the verdict belongs to. */
#include "shim.h"

#include "_cgo_export.h"

uint16_t *plugin_get_extract_event_types(uint32_t *n, void *state)
{
	static uint16_t types[] = {7, 113, 117, 121, 189, 167, 333, 161, 163, 293, 331, 402};
	(void)state;
	*n = sizeof types / sizeof *types;
	return types;
}

/* The bools of any event, and all fields of an event without a verdict. */
static int simple(const xim_shim *x, fw_extract_field *f, int judged)
{
	static const uint32_t answers[] = {0, 1};
	uint32_t prefix = f->field_id / FIELDS_EACH, field = f->field_id % FIELDS_EACH;
	uint32_t g = prefix == 0 ? x->granularity : prefix - 1;

	if (field > FIELD_NEW || prefix > GRANULARITIES) {
		f->res_len = 0;
		return !judged;
	}
	uint32_t bit = (field == FIELD_NEW ? NEW_BIT : CROSSES_BIT) << g;
	f->res = (void *)&answers[judged && (x->verdict & bit) != 0];
	f->res_len = 1;
	return 1;
}

int32_t plugin_extract_fields(void *state, const fw_event_input *in, const fw_extract_input *req)
{
	uintptr_t handle = (uintptr_t)state;
	xim_shim *x = xim_instances[handle];
	uint32_t rest = 0;

	/*
	 * A filter of the inspector's own (sysdig has one, Falco has not) runs before
	 * the event is parsed where the framework's state does not depend on it.
	 */
	xim_parse_early(handle, x, in, req->reader);
	int judged = x->verdict_num != 0 && x->verdict_num == in->num;

	for (uint32_t i = 0; i < req->num_fields; i++)
		rest += !simple(x, &req->fields[i], judged);
	if (rest == 0)
		return FW_SUCCESS;
	if (x->remembered) /* who wrote, and when, is Go's to say */
		xim_look_again(handle, x, in, req->reader);
	return ximExtract(handle, req->fields, req->num_fields);
}
