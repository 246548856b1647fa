// SPDX-License-Identifier: Apache-2.0
#include "types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "maps.h"
#include "calls.h"
#include "read.h"
#include "names.h"
#include "objects.h"
#include "pass.h"
#include "look.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TS_COMPAT 2

static __always_inline struct file *file_of(struct task_struct *task, u32 fd)
{
	struct files_struct *files = GET(task, files);
	struct fdtable *fdt = GET(files, fdt);
	if (fd >= GET(fdt, max_fds))
		return NULL;
#ifdef DIRECT
	// One pointer of an array of them.
	return (void *)AS(llist_head, (u64)GET(fdt, fd) + 8ull * fd)->first;
#else
	struct file *f = NULL;
	bpf_probe_read_kernel(&f, sizeof(f), GET(fdt, fd) + fd);
	return f;
#endif
}

// Global, and so verified once. Not inlined: on kernels up to 6.12 the frames of all that
// call each other share 512 bytes.
__noinline int access_fd(u32 fd, u32 kind, u32 op)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *f = file_of(task, fd);
	if (f)
		look(task, f, kind, op);
	else
		count(NO_FILE);
	return 0;
}

static __noinline int mapped(u64 prot, u64 flags, u32 fd)
{
	if (flags & MAP_ANONYMOUS)
		return 0;
	if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) // a page that can be written can be read
		access_fd(fd, RECORD_READ, OP_MMAP);
	if (prot & PROT_WRITE && flags & MAP_SHARED)
		access_fd(fd, RECORD_WRITE, OP_MMAP);
	return 0;
}

__noinline int opened(u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct access a = {};
	a.file = file_of(task, fd);
	if (a.file)
		emptied(&a);
	else
		count(NO_FILE);
	return 0;
}

static __noinline int copied(u32 in, u32 out, u8 op)
{
	access_fd(in, RECORD_READ, op);
	access_fd(out, RECORD_WRITE, op);
	return 0;
}

// submitted takes Linux AIO: each of the requests that were taken.
struct submission {
	u64 requests;
	u32 width; // of a pointer
};

struct request {
	u64 data;
	u32 key, flags;
	u16 what, priority;
	u32 fd;
};
#define REQUESTS 1024

static long request(u32 i, struct submission *s)
{
	struct request r;
	u64 at = 0;
	if (bpf_probe_read_user(&at, s->width & 8 ? 8 : 4, (void *)(s->requests + i * s->width)) ||
	    bpf_probe_read_user(&r, sizeof(r), (void *)at))
		return 1;
	if (r.what == 0 || r.what == 7) // IOCB_CMD_PREAD, PREADV
		access_fd(r.fd, RECORD_READ, OP_AIO);
	else if (r.what == 1 || r.what == 8)
		access_fd(r.fd, RECORD_WRITE, OP_AIO);
	return 0;
}

static __always_inline int submitted(u64 requests, u32 n, u32 width)
{
	struct submission s = {requests, width};
	bpf_loop(n < REQUESTS ? n : REQUESTS, request, &s, 0);
	return 0;
}

// cloned takes an ioctl that makes two files share their data.
static __always_inline int cloned(u32 fd, u32 what, u64 arg)
{
	s64 from = arg;
	if (what == FICLONERANGE && bpf_probe_read_user(&from, sizeof(from), (void *)arg))
		return 0;
	if (what == FICLONE || what == FICLONERANGE)
		copied(from, fd, OP_COPY_FILE_RANGE);
	return 0;
}

static __always_inline int spliced(u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = file_of(task, fd);
	if (file)
		access_fd(fd, BPF_CORE_READ(file, f_mode) & FMODE_WRITE ? RECORD_WRITE : RECORD_READ, OP_SPLICE);
	return 0;
}

// returned takes a system call that is over.
static __always_inline int returned(struct pt_regs *regs, long result)
{
	u32 number = GET(regs, orig_ax) & (CALLS - 1);
	if (result < 0 && result > -4096)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32 = GET(task, thread_info.status) & TS_COMPAT;
	u8 call = is_32 ? calls_32[number] : calls_64[number];
	u8 op = OP(call);
	if (!call)
		return 0;
	// The first five arguments.
	u64 a0, a1, a2, a3, a4;
	if (is_32) {
		a0 = (u32)GET(regs, bx), a1 = (u32)GET(regs, cx), a2 = (u32)GET(regs, dx);
		a3 = (u32)GET(regs, si), a4 = (u32)GET(regs, di);
	} else {
		a0 = GET(regs, di), a1 = GET(regs, si), a2 = GET(regs, dx);
		a3 = GET(regs, r10), a4 = GET(regs, r8);
	}
	switch (SHAPE(call)) {
	case IN_0:
		if (result)
			access_fd(a0, RECORD_READ, op);
		break;
	case OUT_0:
		if (result)
			access_fd(a0, RECORD_WRITE, op);
		break;
	case IN_0_OUT_2:
		if (result)
			copied(a0, a2, op);
		break;
	case IN_1_OUT_0:
		if (result)
			copied(a1, a0, op);
		break;
	case IN_0_OUT_1:
		if (result)
			copied(a0, a1, op);
		break;
	case EITHER_0:
		if (result)
			spliced(a0);
		break;
	case CLONES:
		if (!result)
			cloned(a0, a1, a2);
		break;
	case SUBMITS:
		submitted(a2, result, is_32 || number == 544 ? 4 : 8);
		break;
	case MAPS:
		mapped(a2, a3, a4);
		break;
	case MAPS_OLD: {
		u32 args[5];
		if (!bpf_probe_read_user(args, sizeof(args), (void *)a0))
			mapped(args[2], args[3], args[4]);
		break;
	}
	case OPENS_1:
		if (a1 & (O_CREAT | O_TRUNC))
			opened(result);
		break;
	case OPENS_2:
		if (a2 & (O_CREAT | O_TRUNC))
			opened(result);
		break;
	case CREATES:
		opened(result);
		break;
	case EMPTIES:
		opened(a0);
		break;
	}
	return 0;
}

// On every system call's exit.
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	return returned(regs, result);
}

// On the exit of one system call's function; attached to each.
SEC("fexit/__x64_sys_read")
int BPF_PROG(call_exit, struct pt_regs *regs, long result)
{
	return returned(regs, result);
}

// io_uring's own reads and writes: they are no system calls. What is queued may yet
// move nothing; it counts when it is queued.
#define QUEUED -529

static __always_inline int rung(struct io_kiocb *request, int result, u8 kind)
{
	if (result == 0 ? GET(request, cqe.res) > 0 : result == QUEUED)
		look(bpf_get_current_task_btf(), GET(request, file), kind, OP_IO_URING);
	return 0;
}

SEC("fexit/io_read")
int BPF_PROG(ring_read, struct io_kiocb *request, unsigned int flags, int result)
{
	return rung(request, result, RECORD_READ);
}

SEC("fexit/io_write")
int BPF_PROG(ring_write, struct io_kiocb *request, unsigned int flags, int result)
{
	return rung(request, result, RECORD_WRITE);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task, int old, struct linux_binprm *program)
{
	look(task, GET(program, file), RECORD_READ, OP_EXEC);
	return 0;
}

// Mappings that were there before the sensor: what can be written first, what can be
// read of that second.
static __always_inline int mapping(struct bpf_iter__task_vma *ctx, u8 kind, unsigned long wanted)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	if (!task || !vma)
		return 0;
	struct file *file = BPF_CORE_READ(vma, vm_file);
	unsigned long flags = BPF_CORE_READ(vma, vm_flags);
	if (!file || !(flags & VM_SHARED) || !(flags & wanted))
		return 0;
	look(task, file, kind, OP_MMAP);
	return 0;
}

SEC("iter/task_vma")
int mapped_to_write(struct bpf_iter__task_vma *ctx)
{
	return mapping(ctx, RECORD_WRITE, VM_WRITE);
}

SEC("iter/task_vma")
int mapped_to_read(struct bpf_iter__task_vma *ctx)
{
	return mapping(ctx, RECORD_READ, VM_READ | VM_EXEC);
}

// The process that opens the sensor is never looked at. Its number here is not the one
// that it has in a namespace of its own.
SEC("syscall")
int leave_me_out(void *ctx)
{
	own_pid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

// For the process that reads the ring: objects that the engine has forgotten must be
// passed on again, and what it knows from before must not be held for unwritten.
#define BATCH 16
struct batch {
	u64 n;
	struct object objects[BATCH];
};

SEC("syscall")
int forget(struct batch *b)
{
#pragma unroll
	for (int i = 0; i < BATCH; i++) {
		struct object object = b->objects[i];
		if (i >= b->n)
			break;
		bpf_map_delete_elem(&objects, &object);
		__sync_fetch_and_add(epoch_of(mix(&object)), 1);
	}
	return 0;
}

SEC("syscall")
int know(struct batch *b)
{
#pragma unroll
	for (int i = 0; i < BATCH; i++) {
		struct object object = b->objects[i];
		if (i >= b->n)
			break;
		remember(mix(&object));
	}
	return 0;
}
