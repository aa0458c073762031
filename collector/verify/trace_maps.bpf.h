/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the program in the kernel is told before loading, its maps, and counters.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_MAPS_H
#define SIGSHIM_TRACE_MAPS_H

#define WAKE_BYTES (1 << 20)

/* Set before loading. */
const volatile struct trace_spec specs[2 * TRACE_NUMBERS] = {};
const volatile u32 scope = TRACE_LISTED;
const volatile u32 own_tgid = 0;
const volatile u64 cgroup_id = 0;
const volatile u32 cgroup_v2 = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 32 << 20);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct trace_process);
} processes SEC(".maps");

/* The call that a thread is in. */
struct in_flight {
	u32 active;
	u32 signalled;		/* the signal it sends has been seen */
	struct trace_call call;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct in_flight);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TRACE_LOST_KINDS);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

static __always_inline void count_lost(u32 kind)
{
	u64 *n = bpf_map_lookup_elem(&lost, &kind);

	if (n)
		(*n)++;
}

/* The collector looks by itself; it is woken only when it falls behind. */
static __always_inline u64 wakeup(void)
{
	return bpf_ringbuf_query(&calls, BPF_RB_AVAIL_DATA) > WAKE_BYTES ? 0 : BPF_RB_NO_WAKEUP;
}

static __always_inline u32 namespaced(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid id = {};

	bpf_core_read(&id.nr, sizeof(id.nr), (void *)pid + bpf_core_field_offset(pid->numbers) +
		      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(id.nr));
	return id.nr;
}

#endif
