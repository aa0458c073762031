/* SPDX-License-Identifier: BSD-2-Clause */
/* A library with system calls of its own. */
#include "ways.h"

void ways_library(struct ways *w);
void ways_library(struct ways *w)
{
	ways_each(w, ways_inline, 0);
}
