/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers without SA_ONSTACK where others keep an alternate stack; in a
 * process with Go that is fatal: https://github.com/Z3Prover/z3/pull/7308 */
#include "case.h"

static void install(int flags)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&ss, NULL);
	handle(SIGINT, on_signal, flags);
}

static void bad(void)
{
	install(SA_RESTART);
}

static void good(void)
{
	install(SA_RESTART | SA_ONSTACK);
}

static void unsure(void)
{
	lose_records(bad);
}
