/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the program in the kernel is told before loading, its maps, and counters.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_MAPS_H
#define SIGSHIM_TRACE_MAPS_H

#define WAKE_BYTES (1 << 20)
#define SUSPECTS_BYTES (4 << 20)	/* of the stacks' ring, that claimed calls may fill */
#define LOOK_EVERY 64		/* calls of a thread, before asking whether the collector falls behind */

/* Set before loading. Numbers that are wanted in either table: other calls end at this look. */
const volatile u8 wanted[TRACE_NUMBERS] = {};
const volatile struct trace_spec specs[2 * TRACE_NUMBERS] = {};
const volatile u32 scope = TRACE_LISTED;
const volatile u32 own_tgid = 0;
const volatile u64 cgroup_id = 0;
const volatile u32 cgroup_v2 = 0;

/* Counted up by the collector whenever it has changed `processes`. */
volatile u32 generation = 1;

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

/* A watched thread, and the call that it is in. */
struct in_flight {
	u32 tid;		/* of a slot: whose it is; 0: nobody's */
	u32 generation;		/* in which `process` was copied */
	u8 active;
	u8 signalled;		/* the signal it sends has been seen */
	u8 differs;		/* its effect is not what was asked for at entry */
	u8 plain;		/* a claimed change of the mask */
	u8 alone;		/* no other thread was changing an action as it began to */
	u64 changes;		/* of the process's actions, with its own */
	u64 tick, tick_ns;	/* a time, and the time of its clock tick */
	struct trace_process process;
	struct trace_call call;
};

/* Found without a helper's cost; threads whose slot is taken have storage. */
#define SLOTS 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, u32);
	__type(value, struct in_flight);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct in_flight);
} threads SEC(".maps");

static __always_inline struct in_flight *slot_of(u32 tid)
{
	u32 at = tid % SLOTS;

	return bpf_map_lookup_elem(&slots, &at);
}

/* The thread's notes; NULL: it has none. */
static __always_inline struct in_flight *find_thread(struct task_struct *task)
{
	struct in_flight *f = slot_of(task->pid);

	return f && f->tid == task->pid ? f : bpf_task_storage_get(&threads, task, 0, 0);
}

static __always_inline struct in_flight *add_thread(struct task_struct *task)
{
	struct in_flight *f = slot_of(task->pid);

	if (!f || !__sync_bool_compare_and_swap(&f->tid, 0, task->pid))
		return bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	f->generation = f->active = 0;
	return f;
}

static __always_inline void drop_slot(u32 tid)
{
	struct in_flight *f = slot_of(tid);

	if (f && f->tid == tid)
		f->tid = 0;
}

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
static __always_inline u64 wakeup(u32 serial)
{
	if (serial % LOOK_EVERY)
		return BPF_RB_NO_WAKEUP;
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
