/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported vfork on x86-64; see vfork.c. At entry %rsp is 8 modulo 16 and
 * holds the return address. The real vfork is called as if by our caller's
 * frame, so nothing of ours is on the stack while the child runs.
 */
#if defined(__x86_64__)
	.text
	.globl vfork
	.type vfork, @function
vfork:
	.cfi_startproc
	movq (%rsp), %rdi
	movq %rsp, %rsi
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call shim_vfork_enter
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	testl %eax, %eax
	jz 1f
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	.cfi_undefined rip
	call *shim_real_vfork(%rip)
	leaq -8(%rsp), %rsi
	movq %rax, %rdi
	pushq %rax
	.cfi_adjust_cfa_offset 8
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call shim_vfork_leave
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	movq %rax, %rcx
	popq %rax
	.cfi_adjust_cfa_offset -8
	jmp *%rcx
1:	jmp *shim_real_vfork(%rip)
	.cfi_endproc
	.size vfork, . - vfork
#endif
	.section .note.GNU-stack, "", @progbits
