/* SPDX-License-Identifier: BSD-2-Clause */
/* The library of alt-clobber.c. */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

void with_own_stack(bool restore);

void with_own_stack(bool restore)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 }, old;

	sigaltstack(&ss, &old);
	if (restore)
		sigaltstack(&old, NULL);
}
