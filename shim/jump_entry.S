/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported symbols of events with via JUMP, expanded from the table: the
 * call is recorded with the arguments that are in registers, and then jumped
 * to with registers and stack as the caller left them. So variable arguments
 * pass, and a context that swapcontext saves is the caller's own.
 */
#define SIGSHIM_DOC(...)
#define SIGSHIM_ARG(...)
#define ENTRY_LIBC(id, ident)
#define ENTRY_SYSCALL(id, ident)
#define ENTRY_NOTE(id, ident)
#define ENTRY_JUMP(id, ident) entry id, ident;
#define SIGSHIM_EVENT(id, ident, name, via, ...) ENTRY_##via(id, ident)

	.text
#if defined(__x86_64__)
/* %rax holds the number of vector registers that variable arguments use. */
.macro entry id, ident
	.globl \ident
	.type \ident, @function
\ident:
	.cfi_startproc
	pushq %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	movq %rsp, %rbp
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	pushq %rax
	.cfi_adjust_cfa_offset 8
	pushq %r9
	.cfi_adjust_cfa_offset 8
	pushq %r8
	.cfi_adjust_cfa_offset 8
	pushq %rcx
	.cfi_adjust_cfa_offset 8
	pushq %rdx
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	pushq %rdi
	.cfi_adjust_cfa_offset 8
	movl $\id, %edi
	movq %rsp, %rsi
	movq %rbp, %rdx
	call shim_announce
	movq %rax, %r11
	popq %rdi
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdx
	.cfi_adjust_cfa_offset -8
	popq %rcx
	.cfi_adjust_cfa_offset -8
	popq %r8
	.cfi_adjust_cfa_offset -8
	popq %r9
	.cfi_adjust_cfa_offset -8
	popq %rax
	.cfi_adjust_cfa_offset -8
	leave
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbp
	jmp *%r11
	.cfi_endproc
	.size \ident, . - \ident
.endm
#elif defined(__aarch64__)
.macro entry id, ident
	.globl \ident
	.type \ident, %function
\ident:
	.cfi_startproc
	stp x29, x30, [sp, #-80]!
	.cfi_def_cfa_offset 80
	.cfi_offset x29, -80
	.cfi_offset x30, -72
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	mov w0, #\id
	add x1, sp, #16
	mov x2, sp
	bl shim_announce
	mov x16, x0
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldp x29, x30, [sp], #80
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	br x16
	.cfi_endproc
	.size \ident, . - \ident
.endm
#endif
#include <sigshim/events.def>
	.section .note.GNU-stack, "", %progbits
