/* SPDX-License-Identifier: BSD-2-Clause */
/* swayidle's commands began with its mask and took no signals:
 * https://github.com/swaywm/swayidle/issues/113 */
#include "case.h"

static void bad(void)
{
	change(SIG_BLOCK, SIGUSR1, SIGTERM);
	if (system("exec /bin/true") != 0)
		_exit(1);
}

static void good(void)
{
	change(SIG_BLOCK, SIGUSR1, SIGTERM);
	change(SIG_UNBLOCK, SIGUSR1, SIGTERM);
	if (system("exec /bin/true") != 0)
		_exit(1);
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
