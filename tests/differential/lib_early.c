/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library whose constructor and destructor call wrapped functions; as a
 * dependency of the program it may begin before other libraries do.
 */
#include "case.h"

void early_call(const char *who);

void early_call(const char *who)
{
	sigset_t set = set_of(SIGWINCH, 0), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(sigaltstack(NULL, NULL));
	CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8));
	free(malloc(100));
	show_state(who);
}

static __attribute__((constructor(101))) void begin(void)
{
	free(malloc(100));
	early_call("the library's constructor");
}

static __attribute__((destructor(101))) void end(void)
{
	early_call("the library's destructor");
}
