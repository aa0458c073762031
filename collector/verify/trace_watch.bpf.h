/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Which processes the program in the kernel watches.
 * For trace.bpf.c alone.
 */
#ifndef SIGSHIM_TRACE_WATCH_H
#define SIGSHIM_TRACE_WATCH_H

int in_cgroup(void);

#define MAX_DEPTH 24		/* of cgroups */
#define MAX_SUBSYSTEMS 16	/* with controllers of cgroups of version 1 */

static __always_inline bool is_below(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent;

	for (int i = 0; i < MAX_DEPTH && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == cgroup_id)
			return true;
		parent = BPF_CORE_READ(cgroup, self.parent);
		cgroup = parent ? BPF_CORE_READ(parent, cgroup) : 0;
	}
	return false;
}

/*
 * Whether the thread is. In version 1 each controller has a tree of its own;
 * ids differ between them. Not static: so the kernel proves it only once.
 */
__noinline int in_cgroup(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css;

	if (cgroup_v2)
		return is_below(BPF_CORE_READ(set, dfl_cgrp));
	for (u32 i = 0; i < MAX_SUBSYSTEMS && i < bpf_core_field_size(set->subsys) / sizeof(css); i++) {
		if (bpf_probe_read_kernel(&css, sizeof(css), (void *)set + bpf_core_field_offset(set->subsys) +
					  i * sizeof(css)) == 0 &&
		    css && is_below(BPF_CORE_READ(css, cgroup)))
			return true;
	}
	return false;
}

static __always_inline bool is_watched(struct task_struct *task, const struct trace_process *p)
{
	if (task->tgid == own_tgid)
		return false;
	if (scope == TRACE_LISTED)
		return p && p->listed;
	return scope == TRACE_ALL || in_cgroup();
}

#endif
