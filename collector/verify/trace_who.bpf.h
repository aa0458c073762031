/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Who makes a call: the mapping of its instruction, the thread's claim, the stack.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_WHO_H
#define SIGSHIM_TRACE_WHO_H

#define PAGE 4096
#define CLAIM_REACH 1024	/* a handler's frame is larger: arch/x86/kernel/signal.c */

struct place_search {
	struct trace_place *place;
};

static long fill_place(struct task_struct *task, struct vm_area_struct *vma, void *arg)
{
	struct trace_place *place = ((struct place_search *)arg)->place;
	struct file *file = BPF_CORE_READ(vma, vm_file);
	const unsigned char *name;

	if (!place)
		return 0;
	place->start = BPF_CORE_READ(vma, vm_start);
	place->end = BPF_CORE_READ(vma, vm_end);
	place->flags = BPF_CORE_READ(vma, vm_flags);
	place->offset = BPF_CORE_READ(vma, vm_pgoff) * PAGE;
	if (!file)
		return 0;
	place->inode = BPF_CORE_READ(file, f_inode, i_ino);
	place->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(place->name, sizeof(place->name), name);
	return 0;
}

static __always_inline void find_place(struct task_struct *task, struct trace_call *call)
{
	struct place_search search = { &call->place };

	__builtin_memset(&call->place, 0, sizeof(call->place));
	call->place.ns_tgid = namespaced(task->group_leader);
	call->place.ns_tid = namespaced(task);
	if (bpf_core_enum_value_exists(enum bpf_func_id___sigshim, BPF_FUNC_find_vma___sigshim))
		bpf_find_vma(task, call->ip, fill_place, &search, 0);
	call->flags |= TRACE_PLACE;
}

/* From sp to the end of its page, then page by page until the stack ends. */
static __always_inline u32 copy_stack(u8 *to, u64 sp)
{
	u32 first = PAGE - (sp & (PAGE - 1)), size = 0;

	if (first == 0 || first > PAGE || bpf_probe_read_user(to, first, (void *)sp) < 0)
		return 0;
	size = first;
	if (bpf_probe_read_user(to + (size & (2 * PAGE - 1)), PAGE, (void *)(sp + size)) == 0)
		size += PAGE;
	return size;
}

/* The other one of two threads; 0 if there are not two. */
static __always_inline u32 other_thread(struct task_struct *task)
{
	struct list_head *head = (void *)task->signal + bpf_core_field_offset(task->signal->thread_head);
	struct list_head *next = BPF_CORE_READ(task, thread_node.next);

	if (task->signal->nr_threads != 2)
		return 0;
	if (next == head)
		next = BPF_CORE_READ(head, next);
	return BPF_CORE_READ((struct task_struct *)((void *)next - bpf_core_field_offset(task->thread_node)), pid);
}

static __always_inline void send_stack(struct pt_regs *regs, struct trace_call *call, u32 other)
{
	struct trace_stack *s = bpf_ringbuf_reserve(&stacks, sizeof(*s), 0);

	if (!s) {
		count_lost(TRACE_LOST_STACKS);
		return;
	}
	s->h = call->h;
	s->ip = regs->ip;
	s->sp = regs->sp;
	s->bp = regs->bp;
	s->bx = regs->bx;
	s->r12 = regs->r12;
	s->r13 = regs->r13;
	s->r14 = regs->r14;
	s->r15 = regs->r15;
	s->ax = regs->orig_ax;
	s->cx = regs->cx;
	s->dx = regs->dx;
	s->si = regs->si;
	s->di = regs->di;
	s->r8 = regs->r8;
	s->r9 = regs->r9;
	s->r10 = regs->r10;
	s->r11 = regs->r11;
	s->other = other;
	s->size = copy_stack(s->bytes, regs->sp);
	bpf_ringbuf_submit(s, 0);
	call->flags |= TRACE_STACK;
}

/*
 * A wrapper says in the thread's own memory which call it is making, and from
 * where on the stack: an inline call in a handler that interrupted it has a
 * signal frame in between. Apart, so that its caller's frame stays small: see
 * copy_user.
 */
static __noinline int read_claim(struct trace_call *call, u64 at, u64 sp)
{
	struct trace_claim claim;

	if (bpf_probe_read_user(&claim, sizeof(claim), (void *)at) < 0)
		return 0;
	call->claim = claim;
	return claim.call && claim.sp - sp < CLAIM_REACH;
}

#endif
