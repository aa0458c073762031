/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that the wrappers stand in front of: the next definitions in
 * the program's search order, so other preloaded libraries keep their place.
 * real_resolve runs once, at the first wrapped call or in the constructor,
 * because dlsym may allocate; the pointers are constant afterwards.
 */
#include <dlfcn.h>

#include "shim.h"

#include "banned.h"

shim_function *shim_real[SIGSHIM_EV_END];
long (*shim_real_syscall)(long, long, long, long, long, long, long);
long (*shim_real_vfork)(void);
int (*shim_real_dlclose)(void *);

#define RESOLVE_LIBC(id, ident) shim_real[id] = (shim_function *)dlsym(RTLD_NEXT, #ident);
#define RESOLVE_SYSCALL(id, ident)

void real_resolve(void)
{
#define SIGSHIM_EVENT(id, ident, name, via, ...) RESOLVE_##via(id, ident)
#include <sigshim/events.def>
	shim_real_syscall = (long (*)(long, long, long, long, long, long, long))
		dlsym(RTLD_NEXT, "syscall");
	shim_real_vfork = (long (*)(void))dlsym(RTLD_NEXT, "vfork");
	shim_real_dlclose = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
}
