/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks that the program made itself: ucontext coroutines, and a stack that
 * is switched by hand, with unmapped memory around them.
 */
/* flags: -Wl,--no-as-needed -lm */
#include <fenv.h>
#include <ucontext.h>

#include "case.h"

#define SIZE (64 * 1024)

static ucontext_t main_context, context[3];
static int finished;
static const int rounding[] = { FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };

static void *new_stack(size_t size)
{
	char *p = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p + 4096, size, PROT_READ | PROT_WRITE);
	return p + 4096;
}

static void coroutine(int n)
{
	sigset_t set = set_of(SIGRTMIN + n, 0), old;

	for (int i = 0; i < 3; i++) {
		CALL(sigprocmask(SIG_BLOCK, &set, &old));
		CALL(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
		CALL(raise(SIGUSR1));
		show_mask("coroutine");
		say("rounding %#x, exceptions %#x", (unsigned int)fegetround(), (unsigned int)fegetexcept());
		fesetround(rounding[n]);
		swapcontext(&context[n], &context[(n + 1) % 3]);
	}
	if (++finished == 3)
		setcontext(&main_context);
	setcontext(&context[(n + 1) % 3]);
}

static void handler(int sig, siginfo_t *info, void *c)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)info;
	(void)c;
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	say("signal %d", sig);
}

static void coroutines(void)
{
	for (int i = 0; i < 3; i++) {
		getcontext(&context[i]);
		context[i].uc_stack.ss_sp = new_stack(SIZE);
		context[i].uc_stack.ss_size = SIZE;
		context[i].uc_link = &main_context;
		makecontext(&context[i], (void (*)(void))coroutine, 1, i);
	}
	feenableexcept(FE_DIVBYZERO);
	CALL(swapcontext(&main_context, &context[0]));
	say("back: rounding %#x, exceptions %#x", (unsigned int)fegetround(), (unsigned int)fegetexcept());
	fedisableexcept(FE_DIVBYZERO);
}

static void on_other_stack(void)
{
	sigset_t set = set_of(SIGUSR2, 0), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(sigaltstack(NULL, NULL));
	CALL(raise(SIGUSR1));
	show_mask("on another stack");
}

/* switched(function, top): calls it on the stack that ends at top. */
#if defined(__x86_64__)
__asm__(
	".text\n"
	".type switched, @function\n"
	"switched:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	mov %rsi, %rsp\n"
	"	call *%rdi\n"
	"	mov %rbp, %rsp\n"
	"	pop %rbp\n"
	"	ret\n"
	".size switched, . - switched\n");
void switched(void (*function)(void), char *top);
#else
static void switched(void (*function)(void), char *top)
{
	(void)top;
	function();
}
#endif

/* libc asks the kernel for the mask in a context first. (swapcontext, when it fails, loses its way.) */
static void to_nowhere(void)
{
	const ucontext_t *bad[] = { NULL, (ucontext_t *)8, (ucontext_t *)-4096L };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CALL(setcontext(bad[i]));
	show_mask("after contexts that are nowhere");
}

int main(void)
{
	char *stack = new_stack(SIZE);

	handle(SIGUSR1, handler, 0);
	coroutines();
	switched(on_other_stack, stack + SIZE);
	to_nowhere();
	show_state("at the end");
	return 0;
}
