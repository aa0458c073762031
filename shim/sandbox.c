/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that enter a seccomp sandbox: from then on a system call that the
 * program doesn't make itself may be its death. So the shim makes none but
 * rt_sigprocmask any more: it goes on with the ring that it has, looks for no
 * other collector, and counts the calls of new threads and forked children.
 * Only filters that are set through libc are noticed. And those that forbid
 * themselves the processor's clock, which libc's reads. AS-safe, MT-safe.
 */
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "shim.h"

#include "banned.h"

bool shim_sandboxed;

void sandbox_note(long nr, long op)
{
	if (nr == SYS_seccomp ? op == SECCOMP_SET_MODE_STRICT || op == SECCOMP_SET_MODE_FILTER :
	    op == PR_SET_SECCOMP)
		shim_sandboxed = true;
	if (nr == SYS_prctl && op == PR_SET_TSC)
		real_refuse_clock();
}

/* Its prototype is variadic; it takes five registers. */
SHIM_API long wrap_prctl(int op, long b, long c, long d, long e) __asm__("prctl");
SHIM_API long wrap_prctl(int op, long b, long c, long d, long e)
{
	static long (*real)(int, long, long, long, long);

	if (unlikely(!real))
		real = (long (*)(int, long, long, long, long))dlsym(RTLD_NEXT, "prctl");
	sandbox_note(SYS_prctl, op);
	return real(op, b, c, d, e);
}
