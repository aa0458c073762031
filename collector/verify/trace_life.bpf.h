/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Processes that are watched: forked, executed, ended. After send_call.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_LIFE_H
#define SIGSHIM_TRACE_LIFE_H

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
	copy.changing = 0;
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
	struct in_flight *f;

	if (!p)
		return 0;
	p->has_claim = p->suspect = 0;
	p->changing = 0;
	/* Its thread looks again. */
	if ((u32)old_pid != (u32)task->pid)
		drop_slot(old_pid);
	f = find_thread(task);
	if (f)
		f->generation = f->active = 0;
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
	struct in_flight *f = find_thread(task);
	struct trace_process *p;
	struct trace_life *life;

	/* Killed inside the call. */
	if (f && f->active) {
		f->active = 0;
		f->call.end_ns = bpf_ktime_get_ns();
		at = f->call.number + (f->call.flags & TRACE_COMPAT ? TRACE_NUMBERS : 0);
		if (at < 2 * TRACE_NUMBERS)
			send_call(&f->call, &specs[at]);
		if (at < 2 * TRACE_NUMBERS && specs[at].effect == TRACE_ACTION)
			end_change(f);
	}
	drop_slot(task->pid);
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

#endif
