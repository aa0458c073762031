/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extended: makes each call of the extended events at least once, in the order
 * in which tests/e2e/test_extended.py expects them, and prints what it got, so
 * that runs with and without the shim can be compared.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define SHOW(call) printf("%s = %ld, %d\n", #call, (long)(call), errno)

/* <signal.h> gives System V's to programs with GNU extensions. */
extern int bsd_sigpause(int mask) __asm__("sigpause");

/* What signal is to programs that are built for POSIX alone. */
extern __sighandler_t __sysv_signal(int sig, __sighandler_t handler);
extern __sighandler_t bsd_signal(int sig, __sighandler_t handler);

static sigset_t none, usr1;
static const struct timespec moment = { .tv_nsec = 1000000 };
static volatile sig_atomic_t handled;

static void handler(int sig)
{
	handled++;
}

static void actions(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	SHOW(sigaction(SIGUSR1, &sa, &old));
	SHOW(sigaction(SIGKILL, &sa, NULL));
	SHOW(signal(SIGUSR2, handler) == SIG_DFL);
	SHOW(bsd_signal(SIGUSR2, handler) == handler);
	SHOW(sysv_signal(SIGUSR2, handler) == handler);
	SHOW(__sysv_signal(SIGUSR2, handler) == handler);
	SHOW(ssignal(SIGUSR2, handler) == handler);
	SHOW(sigignore(SIGPIPE));
	SHOW(siginterrupt(SIGUSR1, 1));
	SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 7L));
}

static void legacy(void)
{
	SHOW(sighold(SIGTERM));
	SHOW(sigrelse(SIGTERM));
	SHOW(sigset(SIGTERM, SIG_HOLD) == SIG_DFL);
	SHOW(sigrelse(SIGTERM));
	SHOW(sigblock(1 << (SIGINT - 1)));
	SHOW(sigsetmask(0));
}

static void waits_with_mask(int epoll)
{
	struct { const sigset_t *set; size_t size; } pair = { &none, 8 };
	struct timespec left = moment;
	struct epoll_event event;

	SHOW(ppoll(NULL, 0, &moment, &none));
	SHOW(pselect(0, NULL, NULL, NULL, &moment, &none));
	SHOW(epoll_pwait(epoll, &event, 1, 1, &none));
	SHOW(epoll_pwait2(epoll, &event, 1, &moment, &none));
	SHOW(syscall(SYS_ppoll, NULL, 0, &left, &none, 8L));
	left = moment;
	SHOW(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &left, &pair));
	SHOW(syscall(SYS_epoll_pwait, epoll, &event, 1, 1, &none, 8L));
	SHOW(syscall(SYS_epoll_pwait2, epoll, &event, 1, &moment, &none, 8L));
	/* Without a mask they are no events. */
	SHOW(ppoll(NULL, 0, &moment, NULL));
	SHOW(epoll_pwait(epoll, &event, 1, 1, NULL));
}

static void sending(void)
{
	siginfo_t info;
	int sig = 0;

	SHOW(raise(SIGUSR1));
	SHOW(sigsuspend(&none));
	SHOW(gsignal(SIGUSR1));
	SHOW(sigwait(&usr1, &sig));
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(sigwait(&usr1, &sig));
	SHOW(pthread_kill(pthread_self(), SIGUSR1));
	SHOW(sigwaitinfo(&usr1, &info));
	SHOW(sigtimedwait(&usr1, &info, &moment));
	SHOW(tgkill(getpid(), gettid(), 0));
	SHOW(killpg(0, 0));
	SHOW(syscall(SYS_kill, getpid(), 0));
	SHOW(syscall(SYS_tgkill, getpid(), gettid(), 0));
	SHOW(syscall(SYS_tkill, gettid(), 0));
	SHOW(syscall(SYS_pidfd_send_signal, -1, SIGTERM, NULL, 0));
	SHOW(pidfd_send_signal(-1, SIGTERM, NULL, 0));
	SHOW(syscall(SYS_rt_sigtimedwait, &usr1, NULL, &moment, 8L));
}

/* Each ends when the handler has run for what is pending. */
static void suspensions(void)
{
	raise(SIGUSR1);
	SHOW(sigpause(SIGUSR1));
	raise(SIGUSR1);
	SHOW(bsd_sigpause(0));
	raise(SIGUSR1);
	SHOW(syscall(SYS_rt_sigsuspend, &none, 8L));
}

static void inheritance(void)
{
	posix_spawnattr_t spawn;
	pthread_attr_t thread;

	posix_spawnattr_init(&spawn);
	pthread_attr_init(&thread);
	SHOW(posix_spawnattr_setsigmask(&spawn, &usr1));
	SHOW(pthread_attr_setsigmask_np(&thread, &usr1));
	pthread_attr_destroy(&thread);
}

static ucontext_t outer, inner;

static void coroutine(void)
{
	swapcontext(&inner, &outer);
	setcontext(&outer);
}

static void spawning(void)
{
	char *argv[] = { (char *)"true", NULL };
	pid_t pid = 0;

	fflush(stdout);
	SHOW(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ));
	waitpid(pid, NULL, 0);
	SHOW(posix_spawnp(NULL, "/nowhere/nothing", NULL, NULL, argv, environ));
}

static void jumps(void)
{
	static char stack[65536];
	sigjmp_buf with;
	jmp_buf without;

	if (sigsetjmp(with, 1) == 0)
		siglongjmp(with, 1);
	if (sigsetjmp(with, 1) == 0)
		longjmp(with, 1);
	if (sigsetjmp(with, 1) == 0)
		_longjmp(with, 1);
	if (setjmp(without) == 0)
		longjmp(without, 1);
	getcontext(&inner);
	inner.uc_stack.ss_sp = stack;
	inner.uc_stack.ss_size = sizeof(stack);
	sigaddset(&inner.uc_sigmask, SIGUSR2);
	makecontext(&inner, coroutine, 0);
	swapcontext(&outer, &inner);
	swapcontext(&outer, &inner);
	SHOW(setcontext(NULL));
}

static void *returns(void *arg)
{
	return arg;
}

static void *exits(void *arg)
{
	pthread_exit(arg);
}

static int c_exits(void *arg)
{
	thrd_exit(arg ? 1 : 2);
}

/* One after the other. */
static void threads(void)
{
	void *(*const routine[])(void *) = { returns, exits };
	pthread_t thread;
	void *value;
	thrd_t c;
	int result = 0;

	for (int i = 0; i < 2; i++) {
		SHOW(pthread_create(&thread, NULL, routine[i], &usr1));
		SHOW(pthread_join(thread, &value));
		SHOW(value == &usr1);
	}
	SHOW(thrd_create(&c, c_exits, &usr1));
	SHOW(thrd_join(c, &result));
	SHOW(result);
}

static void child(void (*fn)(void))
{
	int status = 0;

	fflush(stdout);
	if (fork() == 0)
		fn();
	wait(&status);
	printf("child %x\n", (unsigned int)status);
}

static void run_echo(void)
{
	execl("/bin/echo", "echo", "executed", (char *)NULL);
}

static void run_nothing(void)
{
	const char *path = "/nowhere/nothing";
	char *argv[] = { (char *)"nothing", NULL };

	execve(path, argv, environ);
	execvp(path, argv);
	execvpe(path, argv, environ);
	execle(path, "nothing", (char *)NULL, environ);
	execlp(path, "nothing", (char *)NULL);
	fexecve(-1, argv, environ);
	execv(path, argv);
	_exit(7);
}

static void leave_quickly(void)
{
	quick_exit(5);
}

static void leave_at_once(void)
{
	_Exit(6);
}

static void give_up(void)
{
	abort();
}

int main(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	actions();
	legacy();
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	waits_with_mask(epoll);
	sending();
	suspensions();
	inheritance();
	spawning();
	jumps();
	threads();
	child(run_echo);
	child(run_nothing);
	child(give_up);
	child(leave_quickly);
	child(leave_at_once);
	printf("handled %d\n", (int)handled);
	exit(3);
}
