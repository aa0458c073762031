/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps whose mask the library sets itself, where they are glibc's and no other
 * library's: the one system call then tells the mask before and sets the one
 * after, and makes sure that a context is there. siglongjmp goes on as a jump
 * that restores no mask; setcontext and swapcontext are context_x86_64.S's.
 * Otherwise the kernel is asked, and the real function called. AS-safe, MT-safe.
 */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "clock.h"
#include "jump.h"
#include "mask.h"
#include "record.h"
#include "sys.h"

#include "banned.h"

static bool is_glibc[SIGSHIM_EV_END];	/* by event: shim_real is glibc's own */

void jump_resolve(void)
{
	static const unsigned int jumps[] = {
		SIGSHIM_EV_siglongjmp, SIGSHIM_EV_longjmp, SIGSHIM_EV__longjmp, SIGSHIM_EV___longjmp_chk,
		SIGSHIM_EV_setcontext, SIGSHIM_EV_swapcontext,
	};
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

	for (unsigned int i = 0; libc && i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		unsigned int id = jumps[i];
		void *own = dlsym(libc, shim_events[id].name);

		if (id == SIGSHIM_EV___longjmp_chk)
			own = dlsym(libc, "__longjmp_chk");
		is_glibc[id] = own && own == (void *)shim_real[id];
	}
}

/* A shadow stack is switched and cut by libc alone. */
static bool has_shadow_stack(void)
{
#if defined(__x86_64__)
	uint32_t features;

	/* feature_1 in glibc's tcbhead_t, where GNU_PROPERTY_X86_FEATURE_1_SHSTK is bit 1. */
	__asm__("movl %%fs:72, %0" : "=r"(features));
	return features & 2;
#else
	return false;
#endif
}

/* As much of it as a jump that restores no mask reads. */
#define JUMP_PART offsetof(struct __jmp_buf_tag, __saved_mask)

static inline long jump_by(unsigned int id, long env, long val)
{
	struct __jmp_buf_tag unmasked;

	memcpy(&unmasked, (const void *)env, JUMP_PART);
	unmasked.__mask_was_saved = 0;
	return shim_real[id]((long)&unmasked, val, 0, 0, 0, 0);
}

static long jump(long env, long val, long c, long d, long e, long f)
{
	return jump_by(SIGSHIM_EV_siglongjmp, env, val);
}

static long jump_checked(long env, long val, long c, long d, long e, long f)
{
	return jump_by(SIGSHIM_EV___longjmp_chk, env, val);
}

shim_function *jump_unmasked(unsigned int id)
{
	/* Their masks would be those of exec and exit. */
	if (shim_events[id].kind[0] != SIGSHIM_KIND_JMPBUF || !is_glibc[id] ||
	    !is_glibc[SIGSHIM_EV_siglongjmp] || has_shadow_stack())
		return NULL;
	return id == SIGSHIM_EV___longjmp_chk ? jump_checked : jump;
}

#if defined(__x86_64__)
#define CONTEXT_HAS(member, at) _Static_assert(offsetof(ucontext_t, member) == (at), "context_x86_64.S")
CONTEXT_HAS(uc_mcontext.gregs[REG_R8], 40);
CONTEXT_HAS(uc_mcontext.gregs[REG_RIP], 168);
CONTEXT_HAS(uc_mcontext.fpregs, 224);
CONTEXT_HAS(__fpregs_mem, 424);
CONTEXT_HAS(__fpregs_mem.mxcsr, 448);

long shim_setcontext(long ucp, long, long, long, long, long);
long shim_swapcontext(long oucp, long ucp, long, long, long, long);

shim_function *jump_switch(unsigned int id)
{
	if (!is_glibc[id] || has_shadow_stack())
		return NULL;
	return id == SIGSHIM_EV_swapcontext ? shim_swapcontext :
		id == SIGSHIM_EV_setcontext ? shim_setcontext : NULL;
}

/* Sets the mask of the context and records the call; 0 when the rest of the context may follow. */
long shim_switch(const ucontext_t *ucp, ucontext_t *oucp, const struct frame *frame);
long shim_switch(const ucontext_t *ucp, ucontext_t *oucp, const struct frame *frame)
{
	unsigned int id = oucp ? SIGSHIM_EV_swapcontext : SIGSHIM_EV_setcontext;
	unsigned int to = oucp ? 1 : 0;
	const long arg[SIGSHIM_MAX_ARGS] = { oucp ? (long)oucp : (long)ucp, (long)ucp };
	uint64_t words[FRAME_WORDS + shim_config.depth + STACK_SKIP];
	uint64_t old;
	struct call c;
	int saved = errno;

	call_begin(&c, &shim_events[id], arg, thread_self(), frame_key(frame));
	c.seq = thread_count(c.t);
	c.start = c.end = moment_now(shim_process);
	c.error = (int)-sys(SYS_rt_sigprocmask, SIG_SETMASK, &ucp->uc_sigmask,
			    oucp ? (uint64_t *)&oucp->uc_sigmask : &old, sizeof(old));
	c.ret = c.error ? -1 : 0;
	if (c.error) {
		c.after = sys_mask();
		c.flags = SIGSHIM_EVF_AFTER;
	} else {
		if (oucp)
			memcpy(&old, &oucp->uc_sigmask, sizeof(old));
		c.before = old;
		memcpy(c.copy[to], &ucp->uc_sigmask, SIGSHIM_COPY_SIGSET);
		memcpy(&c.requested, c.copy[to], sizeof(c.requested));
		c.after = c.requested & ~UNBLOCKABLE;
		c.copied = 1u << to;
		c.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER;
	}
	record_call(&c, words, false);
	errno = c.error ? c.error : saved;
	return c.ret;
}
#else
shim_function *jump_switch(unsigned int id)
{
	return NULL;
}
#endif
