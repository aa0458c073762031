/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of other processes from a copy of their registers and of the top of
 * their stack, by the call frame information in their files: no frame pointers
 * needed. Part of symbols/'s face. An unwinder belongs to one thread.
 */
#ifndef SIGSHIM_UNWIND_H
#define SIGSHIM_UNWIND_H

#include <stdint.h>

struct unwinder;

/* As DWARF numbers x86-64's: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15, the address. */
#define UNWIND_REGISTERS 17
#define UNWIND_BP 6
#define UNWIND_SP 7
#define UNWIND_PC 16

struct unwind_state {
	uint64_t reg[UNWIND_REGISTERS];
	const unsigned char *stack;	/* from the stack pointer upwards */
	uint32_t size;
};

/* For one program image. 0 or -errno. */
int unwind_open(struct unwinder **ret);
void unwind_close(struct unwinder *u);

/*
 * Adds a file that is mapped with this load bias; `path` is opened now. Files
 * that are there already are left out. 0 or -errno.
 */
int unwind_add(struct unwinder *u, const char *path, uint64_t bias);

/*
 * Walks. Return addresses go to pc, innermost first, and the first is the
 * address itself. Returns how many; *ret_complete: it reached the outermost.
 */
unsigned int unwind_walk(struct unwinder *u, const struct unwind_state *s, uint64_t *pc, unsigned int max,
			 _Bool *ret_complete);

#endif
