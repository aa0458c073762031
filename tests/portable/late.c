/* SPDX-License-Identifier: BSD-2-Clause */
/* A library for caller.c to load. */
void call_back(void (*function)(void));

static int calls;

void call_back(void (*function)(void))
{
	function();
	calls++;
}
