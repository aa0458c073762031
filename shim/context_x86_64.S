/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setcontext and swapcontext for x86-64, with the layout of ucontext_t that is
 * glibc's ABI (sys/ucontext.h): what the caller may count on is saved and
 * loaded here, the mask is set and the call recorded by shim_switch (jump.c).
 * Not for shadow stacks. jump_entry.S comes here with registers and stack as
 * the caller left them.
 */
#if defined(__x86_64__)
#define UC_R8 40
#define UC_R9 48
#define UC_R12 72
#define UC_R13 80
#define UC_R14 88
#define UC_R15 96
#define UC_RDI 104
#define UC_RSI 112
#define UC_RBP 120
#define UC_RBX 128
#define UC_RDX 136
#define UC_RCX 152
#define UC_RSP 160
#define UC_RIP 168
#define UC_FPREGS 224
#define UC_FPREGS_MEM 424
#define UC_MXCSR 448

	.text
	.globl shim_setcontext
	.hidden shim_setcontext
	.type shim_setcontext, @function
shim_setcontext:
	.cfi_startproc
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq $16, %rsp
	movq %rdi, -8(%rbp)
	xorl %esi, %esi
	jmp .Lset
	.cfi_endproc
	.size shim_setcontext, . - shim_setcontext

	.globl shim_swapcontext
	.hidden shim_swapcontext
	.type shim_swapcontext, @function
shim_swapcontext:
	.cfi_startproc
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq $16, %rsp
	movq %rsi, -8(%rbp)
	movq %rbx, UC_RBX(%rdi)
	movq %r12, UC_R12(%rdi)
	movq %r13, UC_R13(%rdi)
	movq %r14, UC_R14(%rdi)
	movq %r15, UC_R15(%rdi)
	movq %rdi, UC_RDI(%rdi)
	movq %rsi, UC_RSI(%rdi)
	movq %rdx, UC_RDX(%rdi)
	movq %rcx, UC_RCX(%rdi)
	movq %r8, UC_R8(%rdi)
	movq %r9, UC_R9(%rdi)
	/* Those of the caller, once this has returned. */
	movq (%rbp), %rcx
	movq %rcx, UC_RBP(%rdi)
	movq 8(%rbp), %rcx
	movq %rcx, UC_RIP(%rdi)
	leaq 16(%rbp), %rcx
	movq %rcx, UC_RSP(%rdi)
	leaq UC_FPREGS_MEM(%rdi), %rcx
	movq %rcx, UC_FPREGS(%rdi)
	fnstenv (%rcx)
	stmxcsr UC_MXCSR(%rdi)
	/* oucp, ucp as shim_switch has them: where to first */
	xchgq %rdi, %rsi
.Lset:
	movq %rbp, %rdx
	call shim_switch
	testq %rax, %rax
	jz .Lload
	leave
	.cfi_remember_state
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbp
	ret
	.cfi_restore_state
.Lload:
	movq -8(%rbp), %rdx
	/* From here on the frame outside is the other context's. */
	.cfi_def_cfa %rdx, 0
	.cfi_offset %rbx, UC_RBX
	.cfi_offset %rbp, UC_RBP
	.cfi_offset %r12, UC_R12
	.cfi_offset %r13, UC_R13
	.cfi_offset %r14, UC_R14
	.cfi_offset %r15, UC_R15
	.cfi_offset %rsp, UC_RSP
	.cfi_offset %rip, UC_RIP
	movq UC_FPREGS(%rdx), %rcx
	fldenv (%rcx)
	ldmxcsr UC_MXCSR(%rdx)
	movq UC_RSP(%rdx), %rsp
	movq UC_RBX(%rdx), %rbx
	movq UC_RBP(%rdx), %rbp
	movq UC_R12(%rdx), %r12
	movq UC_R13(%rdx), %r13
	movq UC_R14(%rdx), %r14
	movq UC_R15(%rdx), %r15
	pushq UC_RIP(%rdx)
	movq UC_RSI(%rdx), %rsi
	movq UC_RDI(%rdx), %rdi
	movq UC_RCX(%rdx), %rcx
	movq UC_R8(%rdx), %r8
	movq UC_R9(%rdx), %r9
	movq UC_RDX(%rdx), %rdx
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbx
	.cfi_restore %rbp
	.cfi_restore %r12
	.cfi_restore %r13
	.cfi_restore %r14
	.cfi_restore %r15
	.cfi_restore %rsp
	.cfi_restore %rip
	xorl %eax, %eax
	ret
	.cfi_endproc
	.size shim_swapcontext, . - shim_swapcontext
#endif
	.section .note.GNU-stack, "", %progbits
