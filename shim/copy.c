/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of what the program's pointers point to. Once the kernel has accepted
 * them they are followed; before that, for failed calls and for arguments that
 * the call itself overwrites, the kernel is asked. AS-safe.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "copy.h"
#include "shim.h"
#include "sys.h"

#include "banned.h"

#define PAGE 4096ul	/* or a multiple of it */

/*
 * rt_sigprocmask reads the set before it looks at `how` (kernel/signal.c), so
 * with an invalid `how` it answers EINVAL for memory that can be read and
 * EFAULT for memory that can't, and changes nothing. No new kind of system
 * call, so a seccomp filter that lets the program's own pass lets this pass.
 */
static bool readable8(uintptr_t addr)
{
	return !shim_config.blind && sys(SYS_rt_sigprocmask, -1, addr, 0, 8) == -EINVAL;
}

bool copy_checked(void *to, uintptr_t from, size_t n)
{
	/* Up to a page, the first and the last bytes tell of all in between; within a page the first alone. */
	if (!readable8(from) || ((from ^ (from + n - 1)) >= PAGE && !readable8(from + n - 8)))
		return false;
	/* Not by memcpy: sanitizers have one of their own, and find fault with what may be read here. */
	for (size_t i = 0; i < n; i++)
		((unsigned char *)to)[i] = ((const volatile unsigned char *)from)[i];
	return true;
}

/* Where in memory the parts of a kind lie that make up its copy. */
struct part {
	uint16_t from;
	uint8_t size, to;
};

static const struct part *parts_of(enum sigshim_kind kind, unsigned int *ret_n)
{
	static const struct part action[] = {
		{ offsetof(struct sigaction, sa_handler), 8, 0 },
		{ offsetof(struct sigaction, sa_mask), 8, 8 },
		{ offsetof(struct sigaction, sa_flags), 4, 16 },
	};
	/* arch/x86/include/uapi/asm/signal.h: handler, flags, restorer, mask. */
	static const struct part kernel_action[] = { { 0, 8, 0 }, { 24, 8, 8 }, { 8, 8, 16 } };
	static const struct part whole[] = {
		[8] = { 0, 8, 0 }, [16] = { 0, 16, 0 }, [24] = { 0, 24, 0 }, [48] = { 0, 48, 0 },
	};
	static const struct part number[] = { { 0, 4, 0 } };
	static const struct part jump[] = { { offsetof(struct __jmp_buf_tag, __saved_mask), 8, 0 } };
	static const struct part context[] = { { offsetof(ucontext_t, uc_sigmask), 8, 0 } };

	*ret_n = 1;
	switch (kind) {
	case SIGSHIM_KIND_ACTION_IN:
	case SIGSHIM_KIND_ACTION_OUT:
		*ret_n = 3;
		return action;
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_KACTION_OUT:
		*ret_n = 3;
		return kernel_action;
	case SIGSHIM_KIND_SIGNO_OUT:
	case SIGSHIM_KIND_PID_OUT:
		return number;
	case SIGSHIM_KIND_JMPBUF:
		return jump;
	case SIGSHIM_KIND_UCONTEXT:
		return context;
	default:
		return &whole[sigshim_kind_copy(kind)];
	}
}

/* Where pselect6's argument says that the set is; 0 for nowhere. */
static uintptr_t set_of_pair(uintptr_t pair, bool accepted)
{
	uintptr_t set = 0;

	if (accepted)
		memcpy(&set, (const void *)pair, sizeof(set));
	else
		copy_checked(&set, pair, sizeof(set));
	return set;
}

bool copy_argument(enum sigshim_kind kind, unsigned char *to, uintptr_t from, bool accepted)
{
	unsigned int n;
	const struct part *part = parts_of(kind, &n);

	if (kind == SIGSHIM_KIND_SIGSET_PAIR)
		from = set_of_pair(from, accepted);
	if (!from)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int size = part[i].size;

		/* A number's copy has 8 bytes, and what was on the stack must not travel. */
		if (size < 8)
			memset(to + part[i].to, 0, 8);
		if (accepted)
			memcpy(to + part[i].to, (const void *)(from + part[i].from), size);
		else if (!copy_checked(to + part[i].to, from + part[i].from, size < 8 ? 8 : size))
			return false;
	}
	return true;
}
