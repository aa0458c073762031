/* SPDX-License-Identifier: BSD-2-Clause */
/* yara's exception guard cleared the whole mask, whoever had blocked what:
 * https://github.com/VirusTotal/yara/issues/544 */
#include "case.h"

void guard(bool clear);

static void call(bool clear)
{
	change(SIG_BLOCK, SIGUSR1, SIGTERM);
	guard(clear);
}

static void bad(void)
{
	call(true);
}

static void good(void)
{
	call(false);
}

static void unsure(void)
{
	lose_records(bad);
}
