/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls before main and after it, from the program and from a library of its.
 */
/* libs: lib_early */
/* expect: events=22 */
#include "case.h"

void early_call(const char *who);

static __attribute__((constructor)) void begin(void)
{
	early_call("the program's constructor");
}

static __attribute__((destructor)) void end(void)
{
	early_call("the program's destructor");
}

static void preinit(void)
{
	early_call("preinit");
}
__attribute__((section(".preinit_array"), used)) static void (*const in_preinit)(void) = preinit;

static void at_exit(void)
{
	early_call("exit handler");
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	atexit(at_exit);
	for (int i = 0; i < 4; i++)
		CALL(sigprocmask(i % 2, &set, NULL));
	return 21;
}
