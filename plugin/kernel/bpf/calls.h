// SPDX-License-Identifier: Apache-2.0
// Which system calls are looked at, by their numbers.
#pragma once

enum shape {
	NOTHING,
	IN_0,     // reads descriptor 0
	OUT_0,    // writes it
	IN_0_OUT_2,
	IN_1_OUT_0,
	IN_0_OUT_1,
	EITHER_0, // vmsplice: reads or writes descriptor 0, as that was opened
	CLONES,   // ioctl, of which two copy
	SUBMITS,  // io_submit: its arguments lie in memory
	MAPS,
	MAPS_OLD, // its arguments lie in memory
	OPENS_1,  // the flags are argument 1
	OPENS_2,
	CREATES,  // always meant to empty, or not known
	EMPTIES,  // ftruncate
};

// As flow.Op; the tests compare them.
enum op {
	OP_READ,
	OP_READV,
	OP_PREAD,
	OP_PREADV,
	OP_SENDFILE,
	OP_SPLICE,
	OP_COPY_FILE_RANGE,
	OP_MMAP,
	OP_EXEC,
	OP_PREADV2,
	OP_IO_URING,
	OP_AIO,
};

#define CALL(shape, op) ((shape) << 4 | (op))
#define SHAPE(call) ((call) >> 4)
#define OP(call) ((call)&15)

#define CALLS 1024

static const u8 calls_64[CALLS] = {
	[0] = CALL(IN_0, OP_READ),
	[1] = CALL(OUT_0, 0),
	[2] = CALL(OPENS_1, 0),
	[9] = CALL(MAPS, OP_MMAP),
	[16] = CALL(CLONES, OP_COPY_FILE_RANGE),
	[17] = CALL(IN_0, OP_PREAD),
	[18] = CALL(OUT_0, 0),
	[19] = CALL(IN_0, OP_READV),
	[20] = CALL(OUT_0, 0),
	[40] = CALL(IN_1_OUT_0, OP_SENDFILE),
	[77] = CALL(EMPTIES, 0),
	[85] = CALL(CREATES, 0),
	[209] = CALL(SUBMITS, OP_AIO),
	[257] = CALL(OPENS_2, 0),
	[275] = CALL(IN_0_OUT_2, OP_SPLICE),
	[276] = CALL(IN_0_OUT_1, OP_SPLICE), // tee
	[278] = CALL(EITHER_0, OP_SPLICE),
	[295] = CALL(IN_0, OP_PREADV),
	[296] = CALL(OUT_0, 0),
	[304] = CALL(OPENS_2, 0), // open_by_handle_at
	[326] = CALL(IN_0_OUT_2, OP_COPY_FILE_RANGE),
	[327] = CALL(IN_0, OP_PREADV2),
	[328] = CALL(OUT_0, 0),
	[437] = CALL(CREATES, 0), // openat2: its flags lie in memory
	// x32
	[514] = CALL(CLONES, OP_COPY_FILE_RANGE),
	[515] = CALL(IN_0, OP_READV),
	[516] = CALL(OUT_0, 0),
	[532] = CALL(EITHER_0, OP_SPLICE),
	[534] = CALL(IN_0, OP_PREADV),
	[535] = CALL(OUT_0, 0),
	[546] = CALL(IN_0, OP_PREADV2),
	[544] = CALL(SUBMITS, OP_AIO),
	[547] = CALL(OUT_0, 0),
};

static const u8 calls_32[CALLS] = {
	[3] = CALL(IN_0, OP_READ),
	[4] = CALL(OUT_0, 0),
	[5] = CALL(OPENS_1, 0),
	[8] = CALL(CREATES, 0),
	[54] = CALL(CLONES, OP_COPY_FILE_RANGE),
	[90] = CALL(MAPS_OLD, OP_MMAP),
	[93] = CALL(EMPTIES, 0),
	[145] = CALL(IN_0, OP_READV),
	[146] = CALL(OUT_0, 0),
	[180] = CALL(IN_0, OP_PREAD),
	[181] = CALL(OUT_0, 0),
	[187] = CALL(IN_1_OUT_0, OP_SENDFILE),
	[192] = CALL(MAPS, OP_MMAP),
	[194] = CALL(EMPTIES, 0),
	[239] = CALL(IN_1_OUT_0, OP_SENDFILE),
	[248] = CALL(SUBMITS, OP_AIO),
	[295] = CALL(OPENS_2, 0),
	[313] = CALL(IN_0_OUT_2, OP_SPLICE),
	[315] = CALL(IN_0_OUT_1, OP_SPLICE), // tee
	[316] = CALL(EITHER_0, OP_SPLICE),
	[333] = CALL(IN_0, OP_PREADV),
	[334] = CALL(OUT_0, 0),
	[342] = CALL(OPENS_2, 0),
	[377] = CALL(IN_0_OUT_2, OP_COPY_FILE_RANGE),
	[378] = CALL(IN_0, OP_PREADV2),
	[379] = CALL(OUT_0, 0),
	[437] = CALL(CREATES, 0),
};

#define O_CREAT 0100
#define O_TRUNC 01000
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1 // and, with 2, MAP_SHARED_VALIDATE
#define MAP_ANONYMOUS 0x20
#define FMODE_WRITE 2
#define FICLONE 0x40049409
#define FICLONERANGE 0x4020940d
#define VM_READ 1
#define VM_WRITE 2
#define VM_EXEC 4
#define VM_SHARED 8
