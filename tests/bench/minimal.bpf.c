// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that records a system call from the kernel: its number, arguments
 * and time into a ring buffer, for one process. The reader is not woken: it
 * looks by itself, as sigshim's collector does.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "minimal.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile unsigned int target_process, target_number;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} records SEC(".maps");
unsigned long long lost;

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct minimal_record *r;

	if (number != target_number || id >> 32 != target_process)
		return 0;
	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	r->time = bpf_ktime_get_ns();
	r->tid = (unsigned int)id;
	r->number = (unsigned int)number;
	r->arg[0] = regs->rdi;
	r->arg[1] = regs->rsi;
	r->arg[2] = regs->rdx;
	r->set = 0;
	if (regs->rsi)
		bpf_probe_read_user(&r->set, sizeof(r->set), (void *)regs->rsi);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}
