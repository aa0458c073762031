/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libunwind.so.8 of the distribution, opened with RTLD_LOCAL: as a dependency
 * of a preloaded library its _Unwind_* and backtrace symbols would hide those
 * that the program's exceptions use. What it imports is replaced by functions
 * of ours (unwinder_imports.c), so that its own calls are never taken for the
 * program's.
 * unwinder_load runs once at the start; the rest is AS-safe.
 */
#include <dlfcn.h>

#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

int (*unwinder_walk)(void **pc, int size);

bool unwinder_load(void)
{
	void *lib = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	int (*walk)(void **, int) = lib ? (int (*)(void **, int))dlsym(lib, "unw_backtrace") : NULL;
	uintptr_t start, end;

	/* It has only now come into the list of modules. */
	module_scan();
	if (!walk || !module_span((uintptr_t)walk, &start, &end) || !imports_replace(lib)) {
		config_say("stacks are not recorded: ", "libunwind.so.8 can't be loaded", NULL);
		return false;
	}
	unwinder_walk = walk;
	return true;
}
