/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a frame leads to its caller's, for code that does it in one of the plain
 * ways; from the unwind tables of the loaded objects. For memo.c. AS-safe,
 * MT-safe.
 */
#ifndef SHIM_CFI_H
#define SHIM_CFI_H

#include <stdbool.h>
#include <stdint.h>

enum frame_way {
	FRAME_OTHER,	/* in a way that is not looked into */
	FRAME_PLAIN,	/* the return address is the word below the CFA */
	FRAME_SIGNAL,	/* the kernel's: registers lie in the ucontext at the stack pointer */
	FRAME_OUTERMOST,	/* nobody called it */
	FRAME_WITHOUT,	/* no tables; generated code, perhaps */
};

#define RBP_KEPT INT32_MAX

struct frame_rule {
	uint8_t way;		/* enum frame_way */
	uint8_t by_rbp;		/* the CFA is rbp + cfa, else rsp + cfa */
	int32_t cfa;
	int32_t rbp;		/* the caller's rbp is saved at the CFA + this, or RBP_KEPT */
};

/*
 * The rule of the code at pc: a return address, or with `exact` an interrupted
 * instruction.
 */
struct frame_rule cfi_rule(uintptr_t pc, bool exact);

#endif
