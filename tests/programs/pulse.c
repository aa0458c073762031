/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pulse: for each line on stdin makes as many mask changes as the line says
 * and answers with the total so far. Ends with stdin, or by a signal. Lets a
 * test decide what happens between calls.
 */
#include <signal.h>
#include <stdio.h>

int main(void)
{
	unsigned long total = 0, n;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	puts("ready");
	fflush(stdout);
	while (scanf("%lu", &n) == 1) {
		for (; n > 0; n--, total++)
			if (sigprocmask(total & 1 ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL) != 0)
				return 1;
		printf("%lu\n", total);
		fflush(stdout);
	}
	return 0;
}
