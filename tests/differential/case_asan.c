/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program built with AddressSanitizer, whose runtime wants to be first:
 * named first in LD_PRELOAD. It finds the error that the last child makes.
 */
/* needs: libasan.so */
/* flags: -fsanitize=address */
/* preload: libasan.so */
#include "sanitized.h"

static void *fault(void *arg)
{
	char *volatile p = malloc(16);
	volatile int at = 16;

	return p[at] ? arg : NULL;
}
