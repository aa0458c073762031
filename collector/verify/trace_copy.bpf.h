/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The arguments of a call, and what they point to.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_COPY_BPF_H
#define SIGSHIM_TRACE_COPY_BPF_H

/*
 * By way of the stack, which the kernel need not check at length as it does
 * other destinations: the frame is less than 64 bytes, so it lies on its own.
 */
static __noinline int copy_user(u64 *to, u64 from, u32 size)
{
	u64 words[TRACE_COPY_ONE / 8] = {};

	if (size == 0 || size > sizeof(words) || bpf_probe_read_user(words, size, (void *)from) < 0)
		return -1;
	for (u32 i = 0; i < TRACE_COPY_ONE / 8; i++)
		if (8 * i < size)
			to[i] = words[i];
	return 0;
}

static __always_inline void copy_one(struct trace_call *call, const volatile struct trace_arg *arg)
{
	u32 at = arg->at, i = arg->index;
	u64 from = i < TRACE_ARGS ? call->arg[i] : 0;

	if (!from || at > TRACE_COPY - TRACE_COPY_ONE)
		return;
	if (arg->way == TRACE_PAIR) {
		u64 inner = 0;

		if (bpf_probe_read_user(&inner, call->flags & TRACE_COMPAT ? 4 : 8, (void *)from) < 0 || !inner)
			return;
		from = inner;
	}
	if (copy_user((u64 *)(call->copy + at), from, arg->size) == 0)
		call->copied |= 1 << i;
}

static __noinline int take_compat_args(struct trace_call *call, struct pt_regs *regs)
{
	call->arg[0] = (u32)regs->bx;
	call->arg[1] = (u32)regs->cx;
	call->arg[2] = (u32)regs->dx;
	call->arg[3] = (u32)regs->si;
	call->arg[4] = (u32)regs->di;
	call->arg[5] = (u32)regs->bp;
	return 0;
}

static __always_inline void take_args(struct trace_call *call, struct pt_regs *regs)
{
	call->arg[0] = regs->di;
	call->arg[1] = regs->si;
	call->arg[2] = regs->dx;
	call->arg[3] = regs->r10;
	call->arg[4] = regs->r8;
	call->arg[5] = regs->r9;
}

static __always_inline void copy_in(struct trace_call *call, const volatile struct trace_spec *spec)
{
	for (u32 i = 0; i < TRACE_COPIES && i < spec->ncopies; i++)
		if (spec->copy[i].way != TRACE_OUT)
			copy_one(call, &spec->copy[i]);
}

#endif
