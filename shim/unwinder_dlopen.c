/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libunwind.so.8 of the distribution, opened with RTLD_LOCAL: as a dependency
 * of a preloaded library its _Unwind_* and backtrace symbols would hide those
 * that the program's exceptions use. It calls sigprocmask and syscall itself,
 * through the PLT and so through our wrappers; they know such calls by their
 * return address. So is pipe2, because it keeps a pipe to test addresses with.
 * unwinder_load runs once at the start; the rest is AS-safe.
 */
#include <dlfcn.h>

#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

int (*unwinder_walk)(void **pc, int size);
static uintptr_t low, high;

bool unwinder_owns(uintptr_t pc)
{
	return pc - low < high - low;
}

bool unwinder_load(void)
{
	void *lib = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	int (*walk)(void **, int) = lib ? (int (*)(void **, int))dlsym(lib, "unw_backtrace") : NULL;
	uintptr_t start, end;

	/* It has only now come into the list of modules. */
	module_scan();
	if (!walk || !module_span((uintptr_t)walk, &start, &end)) {
		config_say("stacks are not recorded: ", "libunwind.so.8 can't be loaded", NULL);
		return false;
	}
	low = start;
	high = end;
	unwinder_walk = walk;
	return true;
}

/* Its pipe lies where no program looks for descriptors. */
static int own_pipe(int fds[2], int flags)
{
	long r = sys(SYS_pipe2, fds, flags);

	for (int i = 0; r == 0 && i < 2; i++)
		fds[i] = fd_raise(fds[i]);
	return r == 0 && fds[0] >= 0 && fds[1] >= 0 ? 0 : -1;
}

SHIM_API int shim_pipe2(int fds[2], int flags) __asm__("pipe2");
SHIM_API int shim_pipe2(int fds[2], int flags)
{
	static int (*real)(int *, int);

	if (unlikely(unwinder_owns((uintptr_t)__builtin_return_address(0))))
		return own_pipe(fds, flags);
	if (unlikely(!real))
		real = (int (*)(int *, int))dlsym(RTLD_NEXT, "pipe2");
	return real(fds, flags);
}
