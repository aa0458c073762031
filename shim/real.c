/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that the wrappers stand in front of: the next definitions in
 * the program's search order, so other preloaded libraries keep their place.
 * real_resolve runs once, at the first wrapped call or in the constructor,
 * because dlsym may allocate; the pointers are constant afterwards.
 */
#include <dlfcn.h>
#include <errno.h>

#include "shim.h"
#include "sys.h"

#include "banned.h"

shim_function *shim_real[SIGSHIM_EV_END];
long (*shim_real_syscall)(long, long, long, long, long, long, long);
long (*shim_real_vfork)(void);
long (*shim_real_clone)(long, long, long, long, long, long, long);
int (*shim_real_dlclose)(void *);

static int kernel_clock_gettime(clockid_t clock, struct timespec *ts)
{
	return (int)sys(SYS_clock_gettime, clock, ts);
}

static unsigned long no_auxval(unsigned long type)
{
	return 0;
}

int (*shim_clock_gettime)(clockid_t, struct timespec *) = kernel_clock_gettime;
unsigned long (*shim_getauxval)(unsigned long) = no_auxval;

/* Libc's own: one that fakes the time would part our clock from the collector's. */
void real_resolve_clock(void)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *clock = libc ? dlsym(libc, "clock_gettime") : NULL;

	if (clock)
		shim_clock_gettime = (int (*)(clockid_t, struct timespec *))clock;
}

#define RESOLVE_LIBC(id, ident) shim_real[id] = (shim_function *)dlsym(RTLD_NEXT, #ident);
#define RESOLVE_JUMP(id, ident) RESOLVE_LIBC(id, ident)
#define RESOLVE_SYSCALL(id, ident)
#define RESOLVE_NOTE(id, ident)

void real_resolve(void)
{
	unsigned long (*auxval)(unsigned long);

#define SIGSHIM_EVENT(id, ident, name, via, ...) RESOLVE_##via(id, ident)
#include <sigshim/events.def>
	shim_real_syscall = (long (*)(long, long, long, long, long, long, long))
		dlsym(RTLD_NEXT, "syscall");
	shim_real_vfork = (long (*)(void))dlsym(RTLD_NEXT, "vfork");
	shim_real_clone = (long (*)(long, long, long, long, long, long, long))dlsym(RTLD_NEXT, "clone");
	shim_real_dlclose = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
	auxval = (unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval");
	if (auxval)
		shim_getauxval = auxval;
}

static long missing_errno(long a, long b, long c, long d, long e, long f)
{
	errno = ENOSYS;
	return -1;
}

static long missing_return(long a, long b, long c, long d, long e, long f)
{
	return ENOSYS;
}

/*
 * Before 2.34 glibc had some of them in libpthread, which a program may load
 * late and privately, where dlsym(RTLD_NEXT) doesn't see it.
 */
shim_function *real_late(const struct shim_event *ev)
{
	void *lib = dlopen("libpthread.so.0", RTLD_LAZY | RTLD_NOLOAD);

	if (lib)
		shim_real[ev->id] = (shim_function *)dlsym(lib, ev->name);
	if (shim_real[ev->id])
		return shim_real[ev->id];
	return ev->err == SIGSHIM_ERR_RETURN ? missing_return : missing_errno;
}
