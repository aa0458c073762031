/* SPDX-License-Identifier: BSD-2-Clause */
/* A value with a standard signal, of which only one is ever pending:
 * https://github.com/apache/nuttx/pull/10321 */
#include "case.h"

static void send(int signo)
{
	handle(signo, on_signal, 0);
	sigqueue(getpid(), signo, (union sigval){ .sival_int = 7 });
}

static void bad(void)
{
	send(SIGUSR1);
}

static void good(void)
{
	send(SIGRTMIN);
}

static void unsure(void)
{
	lose_records(bad);
}
