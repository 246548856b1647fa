/*
 * The part of Falco's plugin API (3.11) that xIM uses, in declarations of its
 * own. TestAPIMatchesHeader compares every struct with the header that the Go
 * SDK ships. Tables, entries and fields are opaque; strings are NUL-terminated.
 */
#ifndef XIM_API_H
#define XIM_API_H

#include <stdint.h>

enum { FW_SUCCESS = 0, FW_FAILURE = 1 };
enum { FW_MAX_ERROR = 1024 };

enum {
	FW_INT64 = 4,
	FW_UINT8 = 5,
	FW_UINT32 = 7,
	FW_UINT64 = 8,
	FW_STRING = 9,
	FW_TABLE = 10,
};

#pragma pack(push, 1)
typedef struct {
	uint64_t ts; /* nanoseconds since the epoch */
	uint64_t tid;
	uint32_t len; /* the header included */
	uint16_t type;
	uint32_t nparams;
} fw_event;
#pragma pack(pop)

typedef struct {
	const fw_event *evt;
	uint64_t num;
	const char *source;
} fw_event_input;

/* Takes an asynchronous event; where it fails it writes why. */
typedef int32_t (*fw_async_handler)(void *owner, const fw_event *evt, char *err);

typedef union {
	int64_t s64;
	uint8_t u8;
	uint32_t u32;
	uint64_t u64;
	const char *str;
	void *table;
} fw_value;

typedef struct {
	const void *(*list)(void *table, uint32_t *n);
	void *(*get)(void *table, const char *name, int type);
	void *(*add)(void *table, const char *name, int type);
} fw_fields;

typedef struct {
	const char *(*name)(void *table);
	uint64_t (*size)(void *table);
	void *(*get)(void *table, const fw_value *key);
	int (*read)(void *table, void *entry, const void *field, fw_value *out);
	void (*release)(void *table, void *entry);
	uint32_t (*iterate)(void *table, void *func, void *state);
} fw_reader;

typedef struct {
	int (*clear)(void *table);
	int (*erase)(void *table, const fw_value *key);
	void *(*create)(void *table);
	void (*destroy)(void *table, void *entry);
	void *(*add)(void *table, const fw_value *key, void *entry);
	int (*write)(void *table, void *entry, const void *field, const fw_value *in);
} fw_writer;

typedef struct {
	const void *(*list)(void *owner, uint32_t *n);
	void *(*get)(void *owner, const char *name, int key_type);
	int (*add)(void *owner, const void *in);
	void *old_fields[3];
	fw_fields *fields;
	fw_reader *reader;
	fw_writer *writer;
} fw_init_tables;

typedef struct {
	const char *config;
	void *owner;
	const char *(*owner_error)(void *owner);
	const fw_init_tables *tables;
	void (*log)(void *owner, const char *component, const char *msg, int severity);
} fw_init_input;

typedef struct {
	void *owner;
	const char *(*owner_error)(void *owner);
	void *old_reader[4];
	void *old_writer[6];
	fw_reader *reader;
	fw_writer *writer;
} fw_parse_input;

typedef struct {
	void *res; /* out: an array of values, res_len of them */
	uint64_t res_len;
	uint32_t field_id;
	const char *field;
	const char *arg_key;
	uint64_t arg_index;
	uint32_t arg_present;
	uint32_t ftype;
	uint32_t flist;
} fw_extract_field;

typedef struct {
	void *owner;
	const char *(*owner_error)(void *owner);
	uint32_t num_fields;
	fw_extract_field *fields;
	void *old_reader[4];
	fw_reader *reader;
	void *offsets;
} fw_extract_input;

typedef struct {
	const char *name;
	int type;         /* 0: monotonic, 1: not */
	uint64_t value;   /* a union of 8 bytes */
	int value_type;   /* 2: u64 */
} fw_metric;

#endif
