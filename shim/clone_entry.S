/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported clone(3): notes whether the child will share memory and TLS
 * (clone.c), and jumps on with the caller's registers and stack, since the
 * seventh argument may or may not be there.
 */
#include "clone.h"

	.text
	.globl clone
	.type clone, %function
clone:
	.cfi_startproc
#if defined(__x86_64__)
	movl %edx, %eax
	andl $CLONE_SHARING, %eax
	cmpl $CLONE_VM_ONLY, %eax
	jne 1f
	movb $1, shim_tls_shared(%rip)
1:	movq shim_real_clone(%rip), %rax
	testq %rax, %rax
	jz shim_clone_early
	jmp *%rax
#elif defined(__aarch64__)
	ldr w16, =CLONE_SHARING
	and w16, w2, w16
	cmp w16, #CLONE_VM_ONLY
	b.ne 1f
	adrp x16, shim_tls_shared
	mov w17, #1
	strb w17, [x16, :lo12:shim_tls_shared]
1:	adrp x16, shim_real_clone
	ldr x16, [x16, :lo12:shim_real_clone]
	cbz x16, shim_clone_early
	br x16
#endif
	.cfi_endproc
	.size clone, . - clone
	.section .note.GNU-stack, "", %progbits
