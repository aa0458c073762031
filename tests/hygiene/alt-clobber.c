/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that installs its alternate stack over the program's; wasmtime and
 * others look at the old one first: https://github.com/bytecodealliance/wasmtime/pull/4964 */
#include "case.h"

void with_own_stack(bool restore);

static void call(bool restore)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&ss, NULL);
	with_own_stack(restore);
}

static void bad(void)
{
	call(false);
}

static void good(void)
{
	call(true);
}

static void unsure(void)
{
	lose_records(NULL);
	bad();
}
