/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What a call leaves in the kernel, and whether that is what its arguments at
 * entry asked for. For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_EFFECT_H
#define SIGSHIM_TRACE_EFFECT_H

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIGNALS 64
#define UNBLOCKABLE (1ull << 8 | 1ull << 18)	/* SIGKILL, SIGSTOP */
#define SS_DISABLE 2

static __always_inline bool take_signalfd(struct task_struct *task, const struct trace_call *call, u64 *to)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	unsigned int fd = call->ret, max = BPF_CORE_READ(fdt, max_fds);
	struct file **slot = BPF_CORE_READ(fdt, fd), *file = 0;
	struct signalfd_ctx *ctx;

	if (call->ret < 0 || fd >= max ||
	    bpf_probe_read_kernel(&file, sizeof(file), slot + fd) < 0 || !file)
		return false;
	ctx = BPF_CORE_READ(file, private_data);
	/* The kernel keeps the signals that are not in it. */
	if (!ctx || bpf_probe_read_kernel(to, sizeof(*to), ctx) < 0)
		return false;
	*to = ~*to;
	return true;
}

/* Actions belong to the process: what is there now is this call's work only if no other was at it. */
static __always_inline bool take_action(struct task_struct *task, const struct in_flight *f,
					struct trace_action *to)
{
	struct sighand_struct *hand = task->sighand;
	u32 n = (u32)f->call.arg[0] - 1;

	return f->alone && n < SIGNALS && f->call.arg[1] && f->call.ret == 0 &&
		bpf_probe_read_kernel(to, sizeof(*to), (void *)hand + bpf_core_field_offset(hand->action) +
				      n * bpf_core_type_size(struct k_sigaction)) == 0;
}

static __always_inline void begin_change(struct in_flight *f)
{
	u32 tgid = f->call.h.tgid;
	struct trace_process *p = bpf_map_lookup_elem(&processes, &tgid);

	f->alone = p && p->changing == 0;
	if (!p)
		return;
	__sync_fetch_and_add(&p->changing, 1);
	__sync_fetch_and_add(&p->changes, 1);
	f->changes = p->changes;
}

static __always_inline void end_change(struct in_flight *f)
{
	u32 tgid = f->call.h.tgid;
	struct trace_process *p = bpf_map_lookup_elem(&processes, &tgid);

	f->alone = f->alone && p && p->changes == f->changes;
	if (p)
		__sync_fetch_and_add(&p->changing, -1);
}

/* The mask after a successful rt_sigprocmask is not what the set at entry makes of the one before. */
static __always_inline bool mask_differs(const struct trace_call *call)
{
	u64 set = *(const u64 *)call->copy, before = call->mask_before, after;
	u32 how = call->arg[0];

	if (!(call->copied & 2) || call->ret)
		return false;
	after = how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set;
	return (after & ~UNBLOCKABLE) != (call->mask_after & ~UNBLOCKABLE);
}

/* stack_t: sp, flags, size. */
static __always_inline bool altstack_differs(const struct trace_call *call, const struct trace_altstack *now)
{
	const u64 *asked = (const u64 *)call->copy;

	return call->copied & 1 && !call->ret && !((u32)asked[1] & SS_DISABLE) &&
		(asked[0] != now->sp || asked[2] != now->size);
}

#endif
