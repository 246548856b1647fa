package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Names of api.h, and what the header of the Go SDK calls the same.
var (
	apiStructs = map[string]string{
		"fw_event":         "ss_plugin_event",
		"fw_event_input":   "ss_plugin_event_input",
		"fw_value":         "ss_plugin_state_data",
		"fw_fields":        "ss_plugin_table_fields_vtable_ext",
		"fw_reader":        "ss_plugin_table_reader_vtable_ext",
		"fw_writer":        "ss_plugin_table_writer_vtable_ext",
		"fw_init_tables":   "ss_plugin_init_tables_input",
		"fw_init_input":    "ss_plugin_init_input",
		"fw_parse_input":   "ss_plugin_event_parse_input",
		"fw_extract_field": "ss_plugin_extract_field",
		"fw_extract_input": "ss_plugin_field_extract_input",
		"fw_metric":        "ss_plugin_metric",
	}

	// Members that have the same name in both are left out.
	apiMembers = map[string]string{
		"fw_event_input.num":    "evtnum",
		"fw_event_input.source": "evtsrc",

		"fw_fields.list": "list_table_fields",
		"fw_fields.get":  "get_table_field",
		"fw_fields.add":  "add_table_field",

		"fw_reader.name":    "get_table_name",
		"fw_reader.size":    "get_table_size",
		"fw_reader.get":     "get_table_entry",
		"fw_reader.read":    "read_entry_field",
		"fw_reader.release": "release_table_entry",
		"fw_reader.iterate": "iterate_entries",

		"fw_writer.clear":   "clear_table",
		"fw_writer.erase":   "erase_table_entry",
		"fw_writer.create":  "create_table_entry",
		"fw_writer.destroy": "destroy_table_entry",
		"fw_writer.add":     "add_table_entry",
		"fw_writer.write":   "write_entry_field",

		"fw_init_tables.list":       "list_tables",
		"fw_init_tables.get":        "get_table",
		"fw_init_tables.add":        "add_table",
		"fw_init_tables.old_fields": "fields",
		"fw_init_tables.fields":     "fields_ext",
		"fw_init_tables.reader":     "reader_ext",
		"fw_init_tables.writer":     "writer_ext",

		"fw_init_input.owner_error": "get_owner_last_error",
		"fw_init_input.log":         "log_fn",

		"fw_parse_input.owner_error": "get_owner_last_error",
		"fw_parse_input.old_reader":  "table_reader",
		"fw_parse_input.old_writer":  "table_writer",
		"fw_parse_input.reader":      "table_reader_ext",
		"fw_parse_input.writer":      "table_writer_ext",

		"fw_extract_input.owner_error": "get_owner_last_error",
		"fw_extract_input.old_reader":  "table_reader",
		"fw_extract_input.reader":      "table_reader_ext",
		"fw_extract_input.offsets":     "value_offsets",
	}

	apiFunctions = map[string]string{"fw_async_handler": "ss_plugin_async_event_handler_t"}

	apiConstants = map[string]string{
		"FW_SUCCESS": "SS_PLUGIN_SUCCESS",
		"FW_FAILURE": "SS_PLUGIN_FAILURE",

		"FW_MAX_ERROR": "PLUGIN_MAX_ERRLEN",

		"FW_INT64":  "SS_PLUGIN_ST_INT64",
		"FW_UINT8":  "SS_PLUGIN_ST_UINT8",
		"FW_UINT32": "SS_PLUGIN_ST_UINT32",
		"FW_UINT64": "SS_PLUGIN_ST_UINT64",
		"FW_STRING": "SS_PLUGIN_ST_STRING",
		"FW_TABLE":  "SS_PLUGIN_ST_TABLE",
	}
)

var (
	cComment  = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	cAggr     = regexp.MustCompile(`(?s)typedef (?:struct|union) \{(.*?)\} (\w+);`)
	cFuncType = regexp.MustCompile(`typedef [\w ]+ \(\*(\w+)\)\(([^()]*)\);`)
	cEnum     = regexp.MustCompile(`(?s)enum \{(.*?)\}`)
	cFunction = regexp.MustCompile(`\(\*(\w+)\)\(([^()]*)\)`)
	cLastName = regexp.MustCompile(`(\w+)(?:\[\d+\])?$`)
)

// A cMember is a member of a struct in api.h; params is -1 for one that is no
// function.
type cMember struct {
	name   string
	params int
}

func cMembers(body string) (list []cMember) {
	for decl := range strings.SplitSeq(body, ";") {
		decl = strings.TrimSpace(decl)
		if decl == "" {
			continue
		}
		if m := cFunction.FindStringSubmatch(decl); m != nil {
			list = append(list, cMember{m[1], countParams(m[2])})
			continue
		}
		list = append(list, cMember{cLastName.FindStringSubmatch(decl)[1], -1})
	}
	return list
}

func countParams(list string) int {
	if strings.TrimSpace(list) == "" {
		return 0
	}
	return strings.Count(list, ",") + 1
}

func readC(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return cComment.ReplaceAllString(string(b), "")
}

// sdkHeaders is where the Go SDK keeps the framework's headers.
func sdkHeaders(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/falcosecurity/plugin-sdk-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "pkg", "sdk")
}

// The declarations that the shim has of its own are those of the framework: the
// compiler compares every struct, member and constant of api.h, and the number of
// every function's parameters is compared here.
func TestAPIMatchesHeader(t *testing.T) {
	headers := sdkHeaders(t)
	api := readC(t, "api.h")
	header := readC(t, filepath.Join(headers, "plugin_api.h"))

	headerParams := map[string][]int{}
	for _, m := range cFunction.FindAllStringSubmatch(header, -1) {
		headerParams[m[1]] = append(headerParams[m[1]], countParams(m[2]))
	}
	headerParams["log_fn"] = headerParams["ss_plugin_log_fn_t"]

	var c strings.Builder
	c.WriteString("#include <stddef.h>\n#include \"api.h\"\n#include \"plugin_api.h\"\n")
	assert := func(format string, args ...any) {
		cond := fmt.Sprintf(format, args...)
		fmt.Fprintf(&c, "_Static_assert(%s, %q);\n", cond, cond)
	}
	structs := cAggr.FindAllStringSubmatch(api, -1)
	functions := cFuncType.FindAllStringSubmatch(api, -1)
	if understood := len(structs) + len(functions); understood != strings.Count(api, "typedef") {
		t.Errorf("%d typedefs in api.h, of which %d are understood", strings.Count(api, "typedef"), understood)
	}
	for _, f := range functions {
		ours, theirs := f[1], apiFunctions[f[1]]
		if want := headerParams[theirs]; !slices.Equal(want, []int{countParams(f[2])}) {
			t.Errorf("%s takes %d parameters, %q takes %v", ours, countParams(f[2]), theirs, want)
		}
		assert("sizeof(((%s)0)(0, 0, 0)) == sizeof(((%s)0)(0, 0, 0))", ours, theirs)
	}
	members := 0
	for _, s := range structs {
		ours := s[2]
		theirs, ok := apiStructs[ours]
		if !ok {
			t.Errorf("api.h: %s is compared with nothing: name it in apiStructs", ours)
			continue
		}
		assert("sizeof(%s) == sizeof(%s)", ours, theirs)
		assert("_Alignof(%s) == _Alignof(%s)", ours, theirs)
		for _, m := range cMembers(s[1]) {
			members++
			name := m.name
			if n, ok := apiMembers[ours+"."+m.name]; ok {
				name = n
			}
			assert("offsetof(%s, %s) == offsetof(%s, %s)", ours, m.name, theirs, name)
			assert("sizeof((%s){0}.%s) == sizeof((%s){0}.%s)", ours, m.name, theirs, name)
			if m.params >= 0 && !slices.Contains(headerParams[name], m.params) {
				t.Errorf("%s.%s takes %d parameters, %s takes %v", ours, m.name, m.params, name, headerParams[name])
			}
		}
	}
	constants := 0
	for _, e := range cEnum.FindAllStringSubmatch(api, -1) {
		for item := range strings.SplitSeq(e[1], ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(item), " ")
			if name == "" {
				continue
			}
			constants++
			theirs, ok := apiConstants[name]
			if !ok {
				t.Errorf("api.h: %s is compared with nothing: name it in apiConstants", name)
				continue
			}
			assert("(int)%s == (int)%s", name, theirs)
		}
	}
	// What sense.c defines.
	if set := headerParams["set_async_event_handler"]; !slices.Equal(set, []int{3}) {
		t.Errorf("set_async_event_handler takes %v parameters, ours 3", set)
	}
	// What the Go and C files write as plain numbers.
	assert("SS_PLUGIN_METRIC_VALUE_TYPE_U64 == 2")
	assert("SS_PLUGIN_METRIC_TYPE_MONOTONIC == 0 && SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC == 1")
	assert("SS_PLUGIN_LOG_SEV_ERROR == 3")
	assert("sizeof(ss_plugin_rc) == sizeof(int) && sizeof(ss_plugin_state_type) == sizeof(int)")

	src := filepath.Join(t.TempDir(), "compare.c")
	if err := os.WriteFile(src, []byte(c.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("cc", "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "-I", here, "-I", headers, src).CombinedOutput()
	if err != nil {
		t.Errorf("api.h is not the framework's API: %v\n%s", err, out)
	}
	t.Logf("compared %d structs, %d members, %d constants", len(structs), members, constants)
}

// The parser above finds what it is meant to: a struct of each kind by hand.
func TestAPIParser(t *testing.T) {
	got := cMembers("\n\tconst fw_event *evt;\n\tuint64_t num;\n\tvoid *old[3];\n\tint (*read)(void *a, const char *b);\n\tvoid (*stop)();\n")
	want := []cMember{{"evt", -1}, {"num", -1}, {"old", -1}, {"read", 2}, {"stop", 0}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The shim answers the first fields itself and counts ids as fields.go does.
func TestShimCountsFieldsAsGo(t *testing.T) {
	shim := readC(t, "shim.h")
	want := fmt.Sprintf("FIELD_CROSSFLOW = 0, FIELD_NEW = 1, FIELDS_EACH = %d", len(fieldTable))
	if !strings.Contains(shim, want) {
		t.Errorf("shim.h does not say %q", want)
	}
	if fieldTable[0].name != "crossflow" || fieldTable[1].name != "new" {
		t.Errorf("the table begins with %s, %s, not with crossflow, new", fieldTable[0].name, fieldTable[1].name)
	}
	if all := fieldEntries(); len(all) != 4*len(fieldTable)+1 || all[len(all)-1].Name != "xim.granularity" {
		t.Errorf("%d fields, the last of them %s", len(all), all[len(all)-1].Name)
	}
}
