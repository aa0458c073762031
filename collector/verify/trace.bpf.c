/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The program in the kernel: sees the system calls of the table at entry and
 * exit, copies what their arguments point to and the state that they leave,
 * and notes what tells who made them: the instruction pointer, the mapping it
 * lies in, and what the thread says about the call it is in. Loaded by trace.c.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "trace.h"
#include "trace_maps.bpf.h"
#include "trace_watch.bpf.h"
#include "trace_who.bpf.h"
#include "trace_copy.bpf.h"
#include "trace_effect.bpf.h"

#define EFAULT 14
#define SI_VALUE 24		/* in a siginfo */
#define TS_COMPAT 2		/* arch/x86/include/asm/thread_info.h */

/* --- a call ---------------------------------------------------------------- */

static __always_inline void send_call(struct trace_call *call, const volatile struct trace_spec *spec)
{
	u32 copies = call->flags & TRACE_CLAIMED ? spec->in_size : spec->size;
	u32 size = __builtin_offsetof(struct trace_call, copy) + (copies & 0x7f);

	if (call->flags & TRACE_PLACE || size > __builtin_offsetof(struct trace_call, place))
		size = sizeof(*call);
	if (bpf_ringbuf_output(&calls, call, size, wakeup(call->h.serial)) < 0)
		count_lost(TRACE_LOST_CALLS);
}

/* --- entry ------------------------------------------------------------------- */

/* Notes what is known of the thread's process; NULL if it is not watched. */
static __noinline struct in_flight *learn_thread(struct task_struct *task, struct in_flight *f)
{
	u32 tgid = task->tgid, now = generation;
	const struct trace_process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!is_watched(task, p))
		return 0;
	if (!f)
		f = add_thread(task);
	if (!f) {
		count_lost(TRACE_LOST_TASKS);
		return 0;
	}
	if (p)
		f->process = *p;
	else
		__builtin_memset(&f->process, 0, sizeof(f->process));
	f->generation = now;
	f->call.h.type = TRACE_CALL;
	f->call.h.tgid = tgid;
	f->call.h.tid = task->pid;
	return f;
}

/* A claimed call's record tells its times: a clock tick is near enough, and costs nothing. */
static __always_inline u64 time_of(struct in_flight *f, bool claimed)
{
	u64 tick = bpf_jiffies64();

	if (!claimed || f->tick != tick) {
		f->tick_ns = bpf_ktime_get_ns();
		f->tick = tick;
	}
	return f->tick_ns;
}

static __always_inline void begin_call(struct task_struct *task, struct pt_regs *regs, struct in_flight *f,
				       u32 at)
{
	struct trace_call *call = &f->call;

	call->h.serial++;
	call->ip = regs->ip;
	call->number = at % TRACE_NUMBERS;
	call->row = specs[at].row;
	call->flags = at >= TRACE_NUMBERS ? TRACE_COMPAT : 0;
	call->copied = call->late = call->has_effect = 0;
	call->mask_before = task->blocked.sig[0];
	call->end_ns = 0;
	call->claim.call = 0;
	f->signalled = f->differs = 0;
	f->active = 1;
	take_args(call, regs);
	if (!f->process.has_claim || at >= TRACE_NUMBERS)
		return;
	if (call->ip >= f->process.shim_start && call->ip < f->process.shim_end)
		call->flags |= TRACE_SHIM;
	else if (read_claim(call, task->thread.fsbase + f->process.claim, regs->sp))
		call->flags |= TRACE_CLAIMED;
}

/* Nobody else can change what a lone thread's set is, and the masks say what it was. */
static __always_inline bool is_lone(struct task_struct *task)
{
	return task->mm && task->mm->mm_users.counter == 1;
}

/* Of a change of the mask that is claimed only the set is looked at, if it is looked at. */
static __always_inline bool is_plain(const struct in_flight *f, u32 effect)
{
	return effect == TRACE_MASK && f->call.flags & TRACE_CLAIMED && f->call.claim.call < TRACE_UNPAIRED &&
		!f->process.suspect;
}

/* Of all but the plain: what goes in, and where it was made from if nobody claims it. */
static __noinline int begin_rest(u64 *ctx, struct in_flight *f, u32 at)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	const volatile struct trace_spec *spec;
	struct trace_call *call = &f->call;

	if (at >= 2 * TRACE_NUMBERS)
		return 0;
	spec = &specs[at];
	if (call->flags & TRACE_COMPAT)
		take_compat_args(call, regs);
	copy_in(call, spec);
	if (!(call->flags & TRACE_CLAIMED)) {
		find_place(task, call);
		if (!(call->flags & (TRACE_SHIM | TRACE_COMPAT)) && !spec->no_return)
			send_stack(regs, call, 0);
	}
	if (spec->effect == TRACE_ACTION)
		begin_change(f);
	if (!spec->no_return)
		return 0;
	f->active = 0;
	call->end_ns = call->h.start_ns;
	call->ret = 0;
	call->flags |= TRACE_ENDED;
	send_call(call, spec);
	return 0;
}

/* Its arguments: the registers, the number. */
SEC("tp_btf/sys_enter")
int sys_enter(u64 *ctx)
{
	struct task_struct *task;
	struct in_flight *f;
	u64 at = ctx[1];
	bool lone;

	/* Nearly all calls end here. */
	if (at >= TRACE_NUMBERS || !wanted[at])
		return 0;
	task = bpf_get_current_task_btf();
	if (task->thread_info.status & TS_COMPAT)
		at += TRACE_NUMBERS;
	if (!specs[at].row)
		return 0;
	f = find_thread(task);
	if (!f || f->generation != generation || scope == TRACE_CGROUP)
		f = learn_thread(task, f);
	if (!f)
		return 0;
	lone = is_lone(task);
	begin_call(task, (struct pt_regs *)ctx[0], f, at);
	f->call.h.start_ns = time_of(f, f->call.flags & TRACE_CLAIMED);
	f->plain = is_plain(f, specs[at].effect);
	if (!f->plain)
		begin_rest(ctx, f, at);
	else if (!lone && f->call.arg[1] && copy_user((u64 *)f->call.copy, f->call.arg[1], sizeof(u64)) == 0)
		f->call.copied = 1 << 1;
	return 0;
}

/* --- exit ---------------------------------------------------------------------- */

static __always_inline void take_effect(struct task_struct *task, struct in_flight *f,
					const volatile struct trace_spec *spec)
{
	u32 at = spec->effect_at;
	struct trace_call *call = &f->call;
	struct trace_altstack *stack;

	if (spec->effect == TRACE_MASK) {
		f->differs = mask_differs(call);
		return;
	}
	if (at > TRACE_COPY - sizeof(struct trace_action))
		return;
	switch (spec->effect) {
	case TRACE_SIGNALFD:
		call->has_effect = take_signalfd(task, call, (u64 *)(call->copy + at));
		break;
	case TRACE_ALTSTACK:
		stack = (struct trace_altstack *)(call->copy + at);
		stack->sp = task->sas_ss_sp;
		stack->size = task->sas_ss_size;
		stack->flags = task->sas_ss_flags;
		call->has_effect = 1;
		f->differs = altstack_differs(call, stack);
		break;
	case TRACE_ACTION:
		call->has_effect = take_action(task, f, (struct trace_action *)(call->copy + at));
		end_change(f);
		call->has_effect = call->has_effect && f->alone;
		break;
	}
}

/* What it wrote, and what could not be read at entry. */
static __always_inline void copy_rest(struct trace_call *call, const volatile struct trace_spec *spec)
{
	for (u32 i = 0; i < TRACE_COPIES && i < spec->ncopies; i++) {
		const volatile struct trace_arg *arg = &spec->copy[i];
		u32 bit = 1 << (arg->index & 7);

		if (arg->way == TRACE_OUT && !(call->flags & TRACE_CLAIMED) && call->ret >= 0) {
			copy_one(call, arg);
		} else if (arg->way != TRACE_OUT && !(call->copied & bit) && call->ret != -EFAULT) {
			copy_one(call, arg);
			call->late |= call->copied & bit;
		}
	}
}

/* Of all but the plain. */
static __noinline int end_rest(struct task_struct *task, struct pt_regs *regs, struct in_flight *f, u32 at)
{
	const volatile struct trace_spec *spec;
	struct trace_call *call = &f->call;

	if (at >= 2 * TRACE_NUMBERS)
		return 0;
	spec = &specs[at];
	copy_rest(call, spec);
	take_effect(task, f, spec);
	if (!(call->flags & TRACE_CLAIMED))
		call->end_ns = bpf_ktime_get_ns();
	else if ((f->differs || f->process.suspect) &&
		 bpf_ringbuf_query(&stacks, BPF_RB_AVAIL_DATA) < SUSPECTS_BYTES)
		send_stack(regs, call, other_thread(task));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	u64 number = regs->orig_ax;
	struct task_struct *task;
	struct trace_call *call;
	struct in_flight *f;
	u32 at;

	if (number >= TRACE_NUMBERS || !wanted[number])
		return 0;
	task = bpf_get_current_task_btf();
	f = find_thread(task);
	/* rt_sigreturn has been sent already. */
	if (!f || !f->active || f->call.number != number)
		return 0;
	f->active = 0;
	call = &f->call;
	at = number + (call->flags & TRACE_COMPAT ? TRACE_NUMBERS : 0);
	if (at >= 2 * TRACE_NUMBERS)
		return 0;
	call->ret = call->flags & TRACE_COMPAT ? (s32)ret : ret;
	call->mask_after = task->blocked.sig[0];
	call->flags |= TRACE_ENDED;
	if (!f->plain || mask_differs(call))
		end_rest(task, regs, f, at);
	send_call(call, &specs[at]);
	return 0;
}

/* --- signals -------------------------------------------------------------------- */

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_generate, int signo, struct kernel_siginfo *info, struct task_struct *to, int group, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct in_flight *f = find_thread(task);
	const volatile struct trace_spec *spec;
	struct trace_signal *s;
	u32 at, which;

	if (!f || !f->active)
		return 0;
	at = f->call.number + (f->call.flags & TRACE_COMPAT ? TRACE_NUMBERS : 0);
	if (at >= 2 * TRACE_NUMBERS)
		return 0;
	spec = &specs[at];
	/* Others' timers and the like may send here in an interrupt. */
	which = spec->signo - 1;
	if (f->signalled || which >= TRACE_ARGS || (u32)f->call.arg[which] != (u32)signo)
		return 0;
	f->signalled = 1;
	s = bpf_ringbuf_reserve(&calls, sizeof(*s), 0);
	if (!s) {
		count_lost(TRACE_LOST_SIGNALS);
		return 0;
	}
	s->h = f->call.h;
	s->h.type = TRACE_SIGNAL;
	s->to_tgid = BPF_CORE_READ(to, tgid);
	s->to_tid = BPF_CORE_READ(to, pid);
	s->signo = signo;
	s->group = group;
	s->result = result;
	s->code = 0;
	s->unused = 0;
	s->has_info = 0;
	__builtin_memset(s->info, 0, sizeof(s->info));
	/* 0: SEND_SIG_NOINFO, 1: SEND_SIG_PRIV */
	if ((u64)info > 1 && bpf_probe_read_kernel(s->info, sizeof(s->info), info) == 0) {
		s->code = BPF_CORE_READ(info, si_code);
		s->has_info = 1;
		f->differs = spec->ncopies && f->call.copied & 1 << (spec->copy[0].index & 7) &&
			*(u64 *)(s->info + SI_VALUE) != *(u64 *)(f->call.copy + SI_VALUE);
	}
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
	return 0;
}

#include "trace_life.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
