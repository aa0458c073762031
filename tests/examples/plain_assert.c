/* SPDX-License-Identifier: BSD-2-Clause */
/* Assertions about signal state without a framework. */
#include <sigshim/sigshim.h>

#include <assert.h>
#include <stdio.h>

#include "worker.h"

int main(void)
{
	struct sigshim_state before;
	char text[4096];

	sigshim_state_save(&before);
	worker_work();
	worker_dive();
	worker_write();
	worker_listen();
	if (sigshim_state_explain(&before, SIGSHIM_ALL, text, sizeof(text)))
		fputs(text, stderr);
	assert(!sigshim_state_changed(&before, SIGSHIM_ALL));
	printf("%s\n", sigshim_recording() ? "recorded" : "not recorded");
	return 0;
}
