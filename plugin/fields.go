package main

import (
	"strings"

	"github.com/falcosecurity/plugin-sdk-go/pkg/sdk"
	"github.com/falcosecurity/plugin-sdk-go/pkg/sdk/symbols/fields"
	"github.com/falcosecurity/plugin-sdk-go/pkg/sdk/symbols/initschema"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A field is one of those that exist under each granularity's prefix. The shim
// answers the first two (FIELD_CROSSFLOW, FIELD_NEW) itself.
type field struct {
	name string
	kind string
	list bool
	desc string // %s stands for the granularity
	// text gives the values at a granularity; time those of a reltime
	text func(*flow.Verdict, flow.Granularity) []string
	time func(*flow.Verdict, flow.Granularity) int64
}

var fieldTable = []field{
	{name: "crossflow", kind: "bool",
		desc: "true if this event reads data that another %s wrote; false for any other read, mapping or execution. Compare it with =true."},
	{name: "new", kind: "bool",
		desc: "true if at least one of this event's flows (writer, path, reader; each side a %s) has not been seen before, or so long ago that it fell out of the max_flows remembered."},
	{name: "writer", kind: "string",
		desc: "the other %s that wrote the data last.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Crossing(g).Writers[0].Domain) }},
	{name: "writers", kind: "string", list: true,
		desc: `every other %s that wrote the data, latest first. A backslash goes before , ( ) \ and -> in a name.`,
		text: func(v *flow.Verdict, g flow.Granularity) []string {
			return each(v, g, func(w *flow.Writer) string { return flow.EscapeItem(w.Domain) })
		}},
	{name: "reader", kind: "string",
		desc: "the %s that reads: this event's own.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.ReaderDomain(g)) }},
	{name: "flow", kind: "string",
		desc: `the flow from the %s that wrote last, as "writer -> path -> reader". A backslash goes before \ and -> in a name.`,
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Flow(g, &v.Crossing(g).Writers[0])) }},
	{name: "flows", kind: "string", list: true,
		desc: `one flow for every other %s that wrote the data, latest first, as "writer -> path -> reader" with the backslashes of writers.`,
		text: func(v *flow.Verdict, g flow.Granularity) []string {
			return each(v, g, func(w *flow.Writer) string { return v.FlowItem(g, w) })
		}},
	{name: "path", kind: "string",
		desc: "the file as the reader sees it. It does not depend on the granularity.",
		text: func(v *flow.Verdict, _ flow.Granularity) []string { return one(v.Path) }},
	{name: "writer_path", kind: "string",
		desc: "the file as the %s that wrote last saw it: another mount point or an older name may differ.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Crossing(g).Writers[0].Path()) }},
	{name: "writer_process", kind: "string",
		desc: "the process that wrote last, of another %s.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Crossing(g).Writers[0].Process) }},
	{name: "writer_container", kind: "string",
		desc: "the container id, or host, of the process that wrote last, of another %s.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Crossing(g).Writers[0].Container) }},
	{name: "writer_pod", kind: "string",
		desc: "the pod (namespace/name, or pod:uid while its name is unknown), else the container id or host, of the process that wrote last, of another %s.",
		text: func(v *flow.Verdict, g flow.Granularity) []string { return one(v.Crossing(g).Writers[0].Pod) }},
	{name: "op", kind: "string",
		desc: "how the data was read: read, readv, pread, preadv, sendfile, splice, copy_file_range, mmap or exec; from the kernel sensor also preadv2, aio or io_uring. It does not depend on the granularity.",
		text: func(v *flow.Verdict, _ flow.Granularity) []string { return one(v.Op.String()) }},
	{name: "age", kind: "reltime",
		desc: "the time since the other %s wrote last, in nanoseconds; up to one second too long where the same write was repeated, and with the kernel sensor the time since it first wrote what is there.",
		time: func(v *flow.Verdict, g flow.Granularity) int64 { return v.Age(&v.Crossing(g).Writers[0]) }},
}

// ofEvent tells the fields that speak of the event alone, and so have a value
// whenever there is a verdict at any granularity.
func (f *field) ofEvent() bool { return f.name == "path" || f.name == "op" || f.name == "reader" }

func one(s string) []string { return []string{s} }

func each(v *flow.Verdict, g flow.Granularity, f func(*flow.Writer) string) []string {
	writers := v.Crossing(g).Writers
	texts := make([]string, len(writers))
	for i := range writers {
		texts[i] = f(&writers[i])
	}
	return texts
}

// fieldEntries lists the fields in the order of their ids: the short names, then
// those under each prefix, then xim.granularity.
func fieldEntries() []sdk.FieldEntry {
	var list []sdk.FieldEntry
	add := func(prefix, granularity string) {
		for _, f := range fieldTable {
			list = append(list, sdk.FieldEntry{
				Name: prefix + f.name, Type: f.kind, IsList: f.list, Desc: strings.ReplaceAll(f.desc, "%s", granularity),
			})
		}
	}
	add("xim.", "domain")
	for _, g := range flow.Granularities {
		add("xim."+g.String()+".", g.String())
	}
	return append(list, sdk.FieldEntry{
		Name: "xim.granularity", Type: "string",
		Desc: "the configured granularity: what a domain is, where a field speaks of one (process, container or pod).",
	})
}

func init() {
	fields.SetFields(fieldEntries())
	initschema.SetInitSchema(&sdk.SchemaInfo{Schema: configSchema})
}
