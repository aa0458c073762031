/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGSHIM_FOLLOW=1: programs that are executed with an emptied or replaced
 * environment are recorded too. These functions then take the place of libc's
 * in shim_real, and go on to those with an environment that environ.c makes on
 * the stack. Where it can't be made, the program's own is passed on. AS-safe,
 * and safe in vfork children; the program's memory is not written to.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

#include "environ.h"

#include "banned.h"

static shim_function *libc_function[SIGSHIM_EV_END];

static __attribute__((noinline)) long call_changed(unsigned int id, long *a, unsigned int env,
						   const struct environ_change *change, size_t size)
{
	char *room[size / sizeof(char *) + 1];

	a[env] = (long)environ_write(change, room);
	return libc_function[id](a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int error_of(unsigned int id, long ret)
{
	return shim_events[id].err == SIGSHIM_ERR_RETURN ? (int)ret : (int)ret == -1 ? errno : 0;
}

/* Calls libc's function; argument `env` is the environment that the program means to pass. */
static long call_with(unsigned int id, long a[static SIGSHIM_MAX_ARGS], unsigned int env)
{
	struct environ_change change;
	size_t size = environ_measure(&change, (char *const *)a[env]);

	if (size && stack_has(&shim_thread, (uintptr_t)__builtin_frame_address(0), size)) {
		long ret = call_changed(id, a, env, &change, size);

		/* What is ours may have been too much; all else that fails, fails either way. */
		if (error_of(id, ret) != E2BIG)
			return ret;
		a[env] = (long)change.env;
	}
	return libc_function[id](a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long follow_execve(long path, long argv, long env, long d, long e, long f)
{
	return call_with(SIGSHIM_EV_execve, (long[SIGSHIM_MAX_ARGS]){ path, argv, env }, 2);
}

static long follow_execv(long path, long argv, long c, long d, long e, long f)
{
	return follow_execve(path, argv, (long)environ, 0, 0, 0);
}

static long follow_execvpe(long file, long argv, long env, long d, long e, long f)
{
	return call_with(SIGSHIM_EV_execvpe, (long[SIGSHIM_MAX_ARGS]){ file, argv, env }, 2);
}

static long follow_execvp(long file, long argv, long c, long d, long e, long f)
{
	return follow_execvpe(file, argv, (long)environ, 0, 0, 0);
}

static long follow_fexecve(long fd, long argv, long env, long d, long e, long f)
{
	/* To glibc no environment is an error here, not an empty one. */
	if (!env)
		return libc_function[SIGSHIM_EV_fexecve](fd, argv, env, 0, 0, 0);
	return call_with(SIGSHIM_EV_fexecve, (long[SIGSHIM_MAX_ARGS]){ fd, argv, env }, 2);
}

static long follow_posix_spawn(long pid, long path, long actions, long attr, long argv, long env)
{
	return call_with(SIGSHIM_EV_posix_spawn, (long[SIGSHIM_MAX_ARGS]){ pid, path, actions, attr, argv, env }, 5);
}

static long follow_posix_spawnp(long pid, long file, long actions, long attr, long argv, long env)
{
	return call_with(SIGSHIM_EV_posix_spawnp, (long[SIGSHIM_MAX_ARGS]){ pid, file, actions, attr, argv, env }, 5);
}

/*
 * Arguments given as a list, made a vector as libc makes it: on the stack. The
 * environment follows them in execle's.
 */
static long call_listed(shim_function *go_on, const char *path, const char *first, va_list list, bool has_env)
{
	va_list copy;
	int n = 0;

	va_copy(copy, list);
	for (const char *arg = first; arg && n < INT_MAX - 1; arg = va_arg(copy, const char *))
		n++;
	va_end(copy);
	if (n == INT_MAX - 1) {
		errno = E2BIG;
		return -1;
	}
	{
		const char *argv[n + 1];

		for (int i = 0; i < n; i++, first = va_arg(list, const char *))
			argv[i] = first;
		argv[n] = NULL;
		return go_on((long)path, (long)argv, has_env ? (long)va_arg(list, char **) : (long)environ, 0, 0, 0);
	}
}

#define LISTED(name, go_on, has_env)					\
	static long follow_##name(const char *path, const char *arg, ...) \
	{								\
		va_list list;						\
		long ret;						\
									\
		va_start(list, arg);					\
		ret = call_listed(go_on, path, arg, list, has_env);	\
		va_end(list);						\
		return ret;						\
	}
LISTED(execl, follow_execve, false)
LISTED(execle, follow_execve, true)
LISTED(execlp, follow_execvpe, false)

static void replace(unsigned int id, void *function)
{
	libc_function[id] = shim_real[id];
	shim_real[id] = (shim_function *)function;
}

void follow_begin(char **env)
{
	/* musl and glibc have them all; nothing is known of another libc. */
	if (!shim_real[SIGSHIM_EV_execve] || !shim_real[SIGSHIM_EV_execvpe] || !environ_keep(env))
		return;
#define FOLLOW(ident)						\
	if (shim_real[SIGSHIM_EV_##ident])			\
		replace(SIGSHIM_EV_##ident, follow_##ident);
	FOLLOW(execve)
	FOLLOW(execv)
	FOLLOW(execvp)
	FOLLOW(execvpe)
	FOLLOW(execl)
	FOLLOW(execlp)
	FOLLOW(execle)
	FOLLOW(fexecve)
	FOLLOW(posix_spawn)
	FOLLOW(posix_spawnp)
}
