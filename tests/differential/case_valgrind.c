/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under valgrind, which runs the library's instructions too, and would tell
 * of any use of memory that has no value yet.
 */
/* needs: valgrind */
/* wrapper: valgrind -q --error-exitcode=44 --leak-check=full --show-reachable=no */
/* only: ring-unwind socket-fp absent */
#include "sanitized.h"

static void *fault(void *arg)
{
	return arg;
}
