// SPDX-License-Identifier: Apache-2.0
// What is an object, and what was ever written.
#pragma once

#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFIFO 0010000
#define PIPEFS 0x50495045 // anonymous pipes, which are busy
#define OVERLAYFS 0x794c7630

static __always_inline u64 mix(const struct object *o)
{
	u64 h = o->ino * 0x9E3779B97F4A7C15ull ^ ((u64)o->dev << 32 | o->generation) * 0xC2B2AE3D27D4EB4Full;
	h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9ull;
	return h ^ h >> 32;
}

static __always_inline u32 *epoch_of(u64 h)
{
	return &epochs[h >> 7 & (EPOCHS - 1)];
}

static __always_inline bool filtered(u64 h)
{
	u32 a = h & (FILTER_BITS - 1), b = h >> 20 & (FILTER_BITS - 1), c = h >> 40;
	return filter[a >> 6] >> (a & 63) & filter[b >> 6] >> (b & 63) & filter[c >> 6] >> (c & 63) & 1;
}

static __always_inline void set_bit(u32 bit)
{
	__sync_fetch_and_or(&filter[bit >> 6], 1ull << (bit & 63));
}

static __always_inline void remember(u64 h)
{
	if (filtered(h))
		return;
	count(REMEMBERED);
	set_bit(h & (FILTER_BITS - 1));
	set_bit(h >> 20 & (FILTER_BITS - 1));
	set_bit(h >> 40);
}

// holds_data tells a file system whose files hold what was written into them, not
// what the kernel says.
static __noinline int holds_data(struct file *file)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);
	switch (BPF_CORE_READ(sb, s_magic)) {
	case 0x9fa0:     // procfs
	case 0x62656572: // sysfs
	case 0x27e0eb:   // cgroup
	case 0x63677270: // cgroup2
	case 0x64626720: // debugfs
	case 0x74726163: // tracefs
	case 0x73636673: // securityfs
	case 0xf97cff8c: // selinuxfs
	case 0x43415d53: // smackfs
	case 0xcafe4a11: // bpf
	case 0x62656570: // configfs
	case 0x42494e4d: // binfmt_misc
	case 0x65735543: // fusectl
	case 0x07655821: // resctrl
	case 0x1cd1:     // devpts
	case PIPEFS:
	case 0x534f434b: // sockets
	case 0x09041934: // anonymous inodes
	case 0x6e736673: // namespaces
	case 0x50494446: // pidfds
		return 0;
	}
	union {
		char text[16];
		u64 word;
	} type = {};
	const char *name = BPF_CORE_READ(sb, s_type, name);
	bpf_probe_read_kernel_str(type.text, sizeof(type.text), name);
	return type.word != 0x7366706d74766564; // devtmpfs
}
