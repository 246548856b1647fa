// SPDX-License-Identifier: Apache-2.0
// How kernel memory is read. With DIRECT by plain loads that the kernel makes safe,
// which costs a third of a call to a helper and wants a kernel with bpf_rdonly_cast
// (6.2); else by the helper.
#pragma once

#ifdef DIRECT
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
#define AS(type, p) ((struct type *)bpf_rdonly_cast((const void *)(p), bpf_core_type_id_kernel(struct type)))
#define GET(p, field) ((p)->field)
// A pointer as a number, with which the verifier lets one reckon.
#define NUMBER(p, field) ((u64)AS(timespec64, &(p)->field)->tv_sec)
#else
#define AS(type, p) ((struct type *)(p))
#define GET(p, field) BPF_CORE_READ(p, field)
#define NUMBER(p, field) ((u64)BPF_CORE_READ(p, field))
#endif
