/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls out of code that says nothing about its frames, with anything at all
 * in the frame pointer: a walk ends there, and touches nothing it may not.
 */
/* needs: x86_64 */
#include "case.h"

/* long bare_call(function, a, b, c, frame): calls function(a, b, c) with rbp = frame; no CFI. */
__asm__(
	".text\n"
	".globl bare_call\n"
	".type bare_call, @function\n"
	"bare_call:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %rbx\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %rbp\n"
	"	call *%rax\n"
	"	pop %rbx\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size bare_call, . - bare_call\n");
long bare_call(void *function, long a, long b, long c, uintptr_t frame);

static volatile sig_atomic_t handled;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)sig;
	(void)info;
	(void)context;
	bare_call((void *)sigprocmask, SIG_BLOCK, (long)&set, 0, (uintptr_t)-16);
	handled++;
}

static void try(const char *what, uintptr_t frame)
{
	static sigset_t set;
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };

	set = set_of(SIGUSR1, 0);
	CALL(bare_call((void *)sigprocmask, SIG_BLOCK, (long)&set, 0, frame));
	CALL(bare_call((void *)pthread_sigmask, SIG_UNBLOCK, (long)&set, 0, frame));
	CALL(bare_call((void *)sigaltstack, (long)&ss, 0, 0, frame));
	CALL(bare_call((void *)kill, getpid(), SIGUSR2, 0, frame));
	show_mask(what);
}

int main(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t *chain = page_end(64, PROT_READ | PROT_WRITE);
	uintptr_t *edge = page_end(8, PROT_READ | PROT_WRITE);

	handle(SIGUSR2, handler, SA_ONSTACK);
	try("0", 0);
	try("1", 1);
	try("8", 8);
	try("-1", (uintptr_t)-1);
	try("-8", (uintptr_t)-8);
	try("-16", (uintptr_t)-16);
	try("no address at all", 0x8000000000000000);
	try("a hole", (uintptr_t)nowhere());
	try("code", (uintptr_t)main & ~7ul);
	try("this frame", here);
	try("far up this stack", here + 0x100000);
	try("below this stack", here - 0x300000);
	try("the end of a page", (uintptr_t)edge);
	chain[0] = (uintptr_t)chain;
	chain[1] = (uintptr_t)main;
	try("a frame that is its own caller", (uintptr_t)chain);
	chain[0] = (uintptr_t)chain + 32;
	chain[4] = (uintptr_t)chain;
	chain[5] = 0x1234567890;
	try("two frames in a circle", (uintptr_t)chain);
	chain[0] = (uintptr_t)-16;
	try("a way out of the world", (uintptr_t)chain);
	say("%d handlers", handled);
	return 0;
}
