/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported syscall(2); see syscall.c. Every way out is a jump, with the
 * caller's registers and stack as they came.
 */
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
	jne shim_syscall_recorded
1:	movq shim_real_syscall(%rip), %rax
	testq %rax, %rax
	jz shim_syscall_early
	jmp *%rax
#elif defined(__aarch64__)
	cmp x0, #511
	b.hi 1f
	adrp x16, shim_syscall_map
	add x16, x16, :lo12:shim_syscall_map
	ldrb w17, [x16, x0]
	cbnz w17, shim_syscall_recorded
1:	adrp x16, shim_real_syscall
	ldr x16, [x16, :lo12:shim_real_syscall]
	cbz x16, shim_syscall_early
	br x16
#endif
	.cfi_endproc
	.size syscall, . - syscall
	.section .note.GNU-stack, "", %progbits
