/* SPDX-License-Identifier: BSD-2-Clause */
/* Names scopes of its own, as tests do, and goes on as if nothing were listening. */
#include <sigshim/sigshim.h>

#include <stdio.h>

int main(void)
{
	SIGSHIM_SCOPE("outer") {
		SIGSHIM_SCOPE("a name that is longer than a record has room for, by far")
			puts("in it");
	}
	sigshim_scope_begin(NULL);
	return 0;
}
