/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported clone(3): shows its flags to clone.c, and jumps on with the
 * caller's registers and stack, since the seventh argument may or may not be
 * there. shim_clone_shown does the former for syscall_entry.S as well: the
 * flags in %eax or w16, and all registers that carry arguments left as they
 * are.
 */
	.text
	.globl clone
	.type clone, %function
	.globl shim_clone_shown
	.hidden shim_clone_shown
	.type shim_clone_shown, %function
#if defined(__x86_64__)
	.macro save reg
	pushq \reg
	.cfi_adjust_cfa_offset 8
	.endm
	.macro restore reg
	popq \reg
	.cfi_adjust_cfa_offset -8
	.endm

clone:
	.cfi_startproc
	movl %edx, %eax
	call shim_clone_shown
	movq shim_real_clone(%rip), %rax
	testq %rax, %rax
	jz shim_clone_early
	jmp *%rax
	.cfi_endproc
	.size clone, . - clone

shim_clone_shown:
	.cfi_startproc
	save %rdi
	save %rsi
	save %rdx
	save %rcx
	save %r8
	save %r9
	movl %eax, %edi
	call shim_clone_enter
	restore %r9
	restore %r8
	restore %rcx
	restore %rdx
	restore %rsi
	restore %rdi
	ret
	.cfi_endproc
#elif defined(__aarch64__)
clone:
	.cfi_startproc
	stp x29, x30, [sp, #-16]!
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	mov w16, w2
	bl shim_clone_shown
	ldp x29, x30, [sp], #16
	.cfi_adjust_cfa_offset -16
	.cfi_restore x29
	.cfi_restore x30
	adrp x16, shim_real_clone
	ldr x16, [x16, :lo12:shim_real_clone]
	cbz x16, shim_clone_early
	br x16
	.cfi_endproc
	.size clone, . - clone

shim_clone_shown:
	.cfi_startproc
	stp x29, x30, [sp, #-80]!
	.cfi_adjust_cfa_offset 80
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	mov w0, w16
	bl shim_clone_enter
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldp x29, x30, [sp], #80
	.cfi_adjust_cfa_offset -80
	.cfi_restore x29
	.cfi_restore x30
	ret
	.cfi_endproc
#endif
	.size shim_clone_shown, . - shim_clone_shown
	.section .note.GNU-stack, "", %progbits
