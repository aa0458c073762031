/* SPDX-License-Identifier: BSD-2-Clause */
/* Motr jumped out of its SIGSEGV handler with longjmp, and the second fault
 * killed it: https://github.com/Seagate/cortx-motr/pull/1632 */
#include "case.h"

static sigjmp_buf env;

static void jump(int signo)
{
	siglongjmp(env, signo);
}

static NOINLINE void catch(int save)
{
	volatile int *nowhere = (int *)8;
	sigset_t now;

	handle(SIGSEGV, jump, 0);
	if (sigsetjmp(env, save) == 0)
		*nowhere = 1;
	sigprocmask(SIG_BLOCK, NULL, &now);
	sigprocmask(SIG_BLOCK, NULL, &now);
}

static void bad(void)
{
	catch(0);
}

static void good(void)
{
	catch(1);
}

static void unsure(void)
{
	lose_records(bad);
}
