/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks as people read them. output/ and cli/ use it. Pure: MT-safe.
 */
#ifndef SIGSHIM_STACK_TEXT_H
#define SIGSHIM_STACK_TEXT_H

#include "../analysis/frame.h"

/*
 * Appends a line a frame, each after `indent`, and why the stack ends there
 * when it is not complete:
 *   #0  0x00007f0c6a2f1b2c function+0x12 (module) file.c:12
 */
void stack_text(struct text *t, const char *indent, const struct log_frame *frames, int n,
		enum sigshim_stack_end end);

#endif
