/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported syscall(2); see syscall.c. Every way out is a jump, with the
 * caller's registers and stack as they came. A clone is noted for clone.c; what
 * clone3's argument says would have to be read from the program's memory, so
 * it is taken to share.
 */
#include <sys/syscall.h>

#include "clone.h"

	.text
	.globl syscall
	.type syscall, %function
syscall:
	.cfi_startproc
#if defined(__x86_64__)
	cmpq $511, %rdi
	ja 1f
	leaq shim_syscall_map(%rip), %rax
	cmpb $0, (%rax, %rdi)
	jne 2f
1:	movq shim_real_syscall(%rip), %rax
	testq %rax, %rax
	jz shim_syscall_early
	jmp *%rax
2:	cmpl $CLONE3_NR, %edi
	je 3f
	cmpl $SYS_clone, %edi
	jne shim_syscall_recorded
	movl %esi, %eax
	andl $CLONE_SHARING, %eax
	cmpl $CLONE_VM_ONLY, %eax
	jne 1b
3:	movb $1, shim_tls_shared(%rip)
	jmp 1b
#elif defined(__aarch64__)
	cmp x0, #511
	b.hi 1f
	adrp x16, shim_syscall_map
	add x16, x16, :lo12:shim_syscall_map
	ldrb w17, [x16, x0]
	cbnz w17, 2f
1:	adrp x16, shim_real_syscall
	ldr x16, [x16, :lo12:shim_real_syscall]
	cbz x16, shim_syscall_early
	br x16
2:	cmp x0, #CLONE3_NR
	b.eq 3f
	cmp x0, #SYS_clone
	b.ne shim_syscall_recorded
	ldr w16, =CLONE_SHARING
	and w16, w1, w16
	cmp w16, #CLONE_VM_ONLY
	b.ne 1b
3:	adrp x16, shim_tls_shared
	mov w17, #1
	strb w17, [x16, :lo12:shim_tls_shared]
	b 1b
#endif
	.cfi_endproc
	.size syscall, . - syscall
	.section .note.GNU-stack, "", %progbits
