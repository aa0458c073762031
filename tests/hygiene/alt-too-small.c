/* SPDX-License-Identifier: BSD-2-Clause */
/* A stack of SIGSTKSZ as it was before AVX-512 and AMX:
 * https://github.com/rust-lang/rust/issues/107795 */
#include "case.h"

static void install(size_t size)
{
	stack_t ss = { .ss_sp = malloc(size), .ss_size = size };

	sigaltstack(&ss, NULL);
}

static void bad(void)
{
	install(getauxval(AT_MINSIGSTKSZ) + 512);
}

static void good(void)
{
	install(getauxval(AT_MINSIGSTKSZ) + 65536);
}

static void unsure(void)
{
	lose_records(bad);
}
