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

#define EFAULT 14
#define TS_COMPAT 2		/* arch/x86/include/asm/thread_info.h */

/* --- a call ---------------------------------------------------------------- */

static __always_inline void copy_one(struct trace_call *call, const volatile struct trace_arg *arg)
{
	u32 at = arg->at, size = arg->size, i = arg->index;
	u64 from = i < TRACE_ARGS ? call->arg[i] : 0;

	if (!from || at > TRACE_COPY - TRACE_COPY_ONE || size == 0 || size > TRACE_COPY_ONE)
		return;
	if (arg->way == TRACE_PAIR) {
		u64 inner = 0;

		if (bpf_probe_read_user(&inner, call->flags & TRACE_COMPAT ? 4 : 8, (void *)from) < 0 || !inner)
			return;
		from = inner;
	}
	if (bpf_probe_read_user(call->copy + at, size, (void *)from) == 0)
		call->copied |= 1 << i;
}

static __always_inline void take_args(struct trace_call *call, struct pt_regs *regs)
{
	if (call->flags & TRACE_COMPAT) {
		call->arg[0] = (u32)regs->bx;
		call->arg[1] = (u32)regs->cx;
		call->arg[2] = (u32)regs->dx;
		call->arg[3] = (u32)regs->si;
		call->arg[4] = (u32)regs->di;
		call->arg[5] = (u32)regs->bp;
	} else {
		call->arg[0] = regs->di;
		call->arg[1] = regs->si;
		call->arg[2] = regs->dx;
		call->arg[3] = regs->r10;
		call->arg[4] = regs->r8;
		call->arg[5] = regs->r9;
	}
}

static __always_inline void send_call(struct trace_call *call, const volatile struct trace_spec *spec)
{
	u32 size = __builtin_offsetof(struct trace_call, copy) + (spec->size & 0x7f);

	if (call->flags & TRACE_PLACE || size > __builtin_offsetof(struct trace_call, place))
		size = sizeof(*call);
	if (bpf_ringbuf_output(&calls, call, size, wakeup()) < 0)
		count_lost(TRACE_LOST_CALLS);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = task->thread_info.status & TS_COMPAT;
	u32 number = id & 0xffff, at = number + (compat ? TRACE_NUMBERS : 0), tgid;
	const volatile struct trace_spec *spec;
	struct trace_process *p;
	struct in_flight *f;
	struct trace_call *call;

	if (id < 0 || id >= TRACE_NUMBERS || at >= 2 * TRACE_NUMBERS || !specs[at].wanted)
		return 0;
	spec = &specs[at];
	tgid = task->tgid;
	p = bpf_map_lookup_elem(&processes, &tgid);
	if (!is_watched(task, p))
		return 0;
	f = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!f) {
		count_lost(TRACE_LOST_TASKS);
		return 0;
	}
	call = &f->call;
	call->h.type = TRACE_CALL;
	call->h.tgid = tgid;
	call->h.tid = task->pid;
	call->h.start_ns = bpf_ktime_get_ns();
	call->ip = regs->ip;
	call->sp = regs->sp;
	call->number = number;
	call->row = spec->row;
	call->flags = compat ? TRACE_COMPAT : 0;
	call->copied = call->late = call->has_fd_mask = 0;
	call->mask_before = task->blocked.sig[0];
	call->claim.call = 0;
	take_args(call, regs);
	read_claim(task, p, call);
	for (u32 i = 0; i < TRACE_COPIES && i < spec->ncopies; i++)
		if (spec->copy[i].way != TRACE_OUT)
			copy_one(call, &spec->copy[i]);
	if (!(call->flags & TRACE_CLAIMED)) {
		find_place(task, call);
		if (!(call->flags & (TRACE_SHIM | TRACE_COMPAT)) && !spec->no_return)
			send_stack(regs, call);
	}
	if (spec->no_return) {
		call->end_ns = call->h.start_ns;
		call->ret = 0;
		call->flags |= TRACE_ENDED;
		send_call(call, spec);
		return 0;
	}
	f->signalled = 0;
	f->active = 1;
	return 0;
}

static __always_inline void read_signalfd(struct task_struct *task, struct trace_call *call)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	unsigned int fd = call->ret, max = BPF_CORE_READ(fdt, max_fds);
	struct file **slot = BPF_CORE_READ(fdt, fd), *file = 0;
	struct signalfd_ctx *ctx;

	if (call->ret < 0 || fd >= max ||
	    bpf_probe_read_kernel(&file, sizeof(file), slot + fd) < 0 || !file)
		return;
	ctx = BPF_CORE_READ(file, private_data);
	/* The kernel keeps the signals that are not in it. */
	if (ctx && bpf_probe_read_kernel(&call->fd_mask, 8, ctx) == 0) {
		call->fd_mask = ~call->fd_mask;
		call->has_fd_mask = 1;
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 at = regs->orig_ax + (task->thread_info.status & TS_COMPAT ? TRACE_NUMBERS : 0);
	const volatile struct trace_spec *spec;
	struct trace_call *call;
	struct in_flight *f;

	/* Cheap for all calls that are not watched; rt_sigreturn has been sent already. */
	if (at >= 2 * TRACE_NUMBERS || !specs[at].wanted)
		return 0;
	spec = &specs[at];
	f = bpf_task_storage_get(&threads, task, 0, 0);
	if (!f || !f->active)
		return 0;
	f->active = 0;
	call = &f->call;
	call->end_ns = bpf_ktime_get_ns();
	call->ret = call->flags & TRACE_COMPAT ? (s32)ret : ret;
	call->mask_after = task->blocked.sig[0];
	call->alt_sp = task->sas_ss_sp;
	call->alt_size = task->sas_ss_size;
	call->alt_flags = task->sas_ss_flags;
	call->flags |= TRACE_ENDED;
	for (u32 i = 0; i < TRACE_COPIES && i < spec->ncopies; i++) {
		const volatile struct trace_arg *arg = &spec->copy[i];
		u32 bit = 1 << (arg->index & 7);

		if (arg->way == TRACE_OUT && ret >= 0) {
			copy_one(call, arg);
		} else if (arg->way != TRACE_OUT && !(call->copied & bit) && ret != -EFAULT) {
			copy_one(call, arg);
			call->late |= call->copied & bit;
		}
	}
	if (spec->result == TRACE_SIGNALFD)
		read_signalfd(task, call);
	send_call(call, spec);
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_generate, int signo, struct kernel_siginfo *info, struct task_struct *to, int group, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct in_flight *f = bpf_task_storage_get(&threads, task, 0, 0);
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
	}
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
	return 0;
}

/* --- processes --------------------------------------------------------------- */

static __always_inline struct trace_life *new_life(u32 type, struct task_struct *task)
{
	struct trace_life *life = bpf_ringbuf_reserve(&calls, sizeof(*life), 0);

	if (!life) {
		count_lost(TRACE_LOST_LIVES);
		return 0;
	}
	__builtin_memset(life, 0, sizeof(*life));
	life->h.type = type;
	life->h.start_ns = bpf_ktime_get_ns();
	life->h.tgid = BPF_CORE_READ(task, tgid);
	life->h.tid = BPF_CORE_READ(task, pid);
	return life;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 from = parent->tgid, to = child->tgid;
	struct trace_process *p, copy;
	struct trace_life *life;

	if (from == to)
		return 0;
	p = bpf_map_lookup_elem(&processes, &from);
	if (!p)
		return 0;
	copy = *p;
	if (bpf_map_update_elem(&processes, &to, &copy, BPF_ANY) < 0)
		count_lost(TRACE_LOST_TASKS);
	if (!copy.listed)
		return 0;
	life = new_life(TRACE_FORK, child);
	if (!life)
		return 0;
	life->parent = from;
	life->ns_tgid = namespaced(child);
	bpf_ringbuf_submit(life, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	u32 tgid = task->tgid;
	struct trace_process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct trace_life *life;
	const unsigned char *name;

	if (!p)
		return 0;
	p->has_claim = 0;
	if (!p->listed)
		return 0;
	life = new_life(TRACE_EXEC, task);
	if (!life)
		return 0;
	life->ns_tgid = namespaced(task);
	name = BPF_CORE_READ(bprm, file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(life->name, sizeof(life->name), name);
	bpf_ringbuf_submit(life, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	u32 tgid = task->tgid, at;
	struct in_flight *f = bpf_task_storage_get(&threads, task, 0, 0);
	struct trace_process *p;
	struct trace_life *life;

	/* Killed inside the call. */
	if (f && f->active) {
		f->active = 0;
		f->call.end_ns = bpf_ktime_get_ns();
		at = f->call.number + (f->call.flags & TRACE_COMPAT ? TRACE_NUMBERS : 0);
		if (at < 2 * TRACE_NUMBERS)
			send_call(&f->call, &specs[at]);
	}
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	p = bpf_map_lookup_elem(&processes, &tgid);
	if (p && p->listed) {
		life = new_life(TRACE_EXIT, task);
		if (life) {
			life->status = BPF_CORE_READ(task, exit_code);
			bpf_ringbuf_submit(life, 0);
		}
	}
	bpf_map_delete_elem(&processes, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
