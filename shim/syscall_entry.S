/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported syscall(2); see syscall.c. Every way out is a jump, with the
 * caller's registers and stack as they came. A clone is shown to clone.c; what
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
2:	movl $CLONE_VM_ONLY, %eax
	cmpl $CLONE3_NR, %edi
	je 3f
	cmpl $SYS_clone, %edi
	jne shim_syscall_recorded
	movl %esi, %eax
3:	call shim_clone_shown
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
2:	mov w16, #CLONE_VM_ONLY
	cmp x0, #CLONE3_NR
	b.eq 3f
	cmp x0, #SYS_clone
	b.ne shim_syscall_recorded
	mov w16, w1
3:	stp x29, x30, [sp, #-16]!
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	bl shim_clone_shown
	ldp x29, x30, [sp], #16
	.cfi_adjust_cfa_offset -16
	.cfi_restore x29
	.cfi_restore x30
	b 1b
#endif
	.cfi_endproc
	.size syscall, . - syscall
	.section .note.GNU-stack, "", %progbits
