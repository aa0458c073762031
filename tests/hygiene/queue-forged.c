/* SPDX-License-Identifier: BSD-2-Clause */
/* si_pid and si_uid are what the sender writes there, and receivers that trust them
 * are deceived: https://nvd.nist.gov/vuln/detail/CVE-2011-1182 */
#include "case.h"

static void send(pid_t claimed)
{
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	info.si_pid = claimed;
	info.si_uid = getuid();
	handle(SIGRTMIN, on_signal, 0);
	syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &info);
}

static void bad(void)
{
	send(1);
}

static void good(void)
{
	send(getpid());
}

static void unsure(void)
{
	lose_records(bad);
}
