/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that enter a seccomp sandbox: from then on a system call that the
 * program doesn't make itself may be its death. So the shim makes none but
 * rt_sigprocmask any more: it goes on with the ring that it has, looks for no
 * other collector, and counts the calls of new threads and forked children.
 * And programs that give up the processor's clock (PR_SET_TSC, seccomp's strict
 * mode): libc's clock reads it, and would be their death as well. Only what is
 * done through libc is noticed. AS-safe, MT-safe.
 */
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "shim.h"
#include "sys.h"

#include "banned.h"

bool shim_sandboxed, shim_clock_denied;

/* When neither the processor nor the kernel may be asked: the collector's last look at the ring. */
static uint64_t sandbox_clock(void)
{
	struct process *p = shim_process;
	struct sigshim_ring *ring = p ? __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE) : NULL;

	return ring ? __atomic_load_n(&ring->beat_ns, __ATOMIC_RELAXED) : 0;
}

uint64_t sandbox_now(void)
{
	struct timespec ts;

	if (shim_sandboxed)
		return sandbox_clock();
	sys(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* Who gave the clock up; tid is 0 when several have, so that none can take it back for all. */
static struct { int32_t tid; uint32_t threads; bool ever; } denied;

static void deny_clock(void)
{
	struct process *p = shim_process;
	int32_t tid = (int32_t)sys(SYS_gettid);

	if (!shim_clock_denied) {
		denied.tid = tid;
		denied.threads = p ? p->threads : 0;
	} else if (denied.tid != tid) {
		denied.tid = 0;
	}
	denied.ever = true;
	shim_clock_denied = true;
	if (p)
		p->ticks = false;
}

/* The same thread takes it back, and has created none in between that have made calls. */
static void allow_clock(void)
{
	struct process *p = shim_process;

	if (!shim_clock_denied || !p || denied.tid != sys(SYS_gettid) || denied.threads != p->threads)
		return;
	shim_clock_denied = false;
	p->ticks = p->granted;
}

void sandbox_meet_thread(void)
{
	int state = PR_TSC_ENABLE;

	if (!denied.ever || shim_clock_denied || shim_sandboxed)
		return;
	sys(SYS_prctl, PR_GET_TSC, &state);
	if (state == PR_TSC_ENABLE)
		return;
	deny_clock();
	denied.tid = 0;
}

void sandbox_note(long nr, long op, long how)
{
	bool strict = nr == SYS_seccomp ? op == SECCOMP_SET_MODE_STRICT :
		op == PR_SET_SECCOMP && how == SECCOMP_MODE_STRICT;

	if (nr == SYS_seccomp ? strict || op == SECCOMP_SET_MODE_FILTER : op == PR_SET_SECCOMP)
		shim_sandboxed = true;
	/* Of one thread and of what it creates; the others lose nothing but time. */
	if (strict || (nr == SYS_prctl && op == PR_SET_TSC && how == PR_TSC_SIGSEGV))
		deny_clock();
}

/* Its prototype is variadic; it takes five registers. */
SHIM_API long wrap_prctl(int op, long b, long c, long d, long e) __asm__("prctl");
SHIM_API long wrap_prctl(int op, long b, long c, long d, long e)
{
	static long (*real)(int, long, long, long, long);
	long ret;

	if (unlikely(!real))
		real = (long (*)(int, long, long, long, long))dlsym(RTLD_NEXT, "prctl");
	sandbox_note(SYS_prctl, op, b);
	ret = real(op, b, c, d, e);
	if (op == PR_SET_TSC && b == PR_TSC_ENABLE && ret == 0)
		allow_clock();
	return ret;
}
