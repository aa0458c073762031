/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How threads begin and end: every way of creating one, with attributes, names
 * and masks; every way of ending, with clean-ups and destructors in their
 * order; failures.
 */
#include <stdatomic.h>
#include <threads.h>

#include "case.h"

#define STACK (64 * 1024)

/* Compatible with the list that libc keeps; what programs of old were compiled to. */
struct old_cleanup {
	void *libc[4];
};
extern void _pthread_cleanup_push(struct old_cleanup *buffer, void (*routine)(void *), void *arg);
extern void _pthread_cleanup_pop(struct old_cleanup *buffer, int execute);

static pthread_key_t key;
static char at_first[64];
static atomic_int early;

/* glibc ends a thread in a handler of its own, or not, as it happens. */
static void told(void *what)
{
	say("  %s, mask %llx", (char *)what, (unsigned long long)kernel_mask() & ~(BIT(32) | BIT(33)));
}

static void *by_return(void *arg)
{
	pthread_setspecific(key, "destructor");
	say("  runs with mask %llx, errno %d", (unsigned long long)kernel_mask(), errno);
	return arg;
}

static void *by_exit(void *arg)
{
	struct old_cleanup old;

	pthread_setspecific(key, "destructor");
	_pthread_cleanup_push(&old, told, "outer clean-up");
	pthread_cleanup_push(told, "inner clean-up");
	pthread_exit(arg);
	pthread_cleanup_pop(0);
	_pthread_cleanup_pop(&old, 0);
	return NULL;
}

static void *by_old_pop(void *arg)
{
	struct old_cleanup old;

	_pthread_cleanup_push(&old, told, "popped clean-up");
	_pthread_cleanup_pop(&old, 1);
	pthread_exit(arg);
}

static void *by_cancellation(void *arg)
{
	pthread_cleanup_push(told, "clean-up");
	while (arg)
		pause();
	pthread_cleanup_pop(0);
	return arg;
}

static void *by_own_cancellation(void *arg)
{
	pthread_cancel(pthread_self());
	pthread_testcancel();
	return arg;
}

static void *spins(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	while (arg)
		early = 1;
	return arg;
}

static void run(const char *what, void *(*routine)(void *), const pthread_attr_t *attr, int cancel)
{
	pthread_t thread;
	void *result = NULL;
	int error;

	say("%s", what);
	errno = SENTINEL;
	error = pthread_create(&thread, attr, routine, "result");
	if (error) {
		say("  not created: %d, errno %s", error, error_name(errno));
		return;
	}
	if (cancel)
		pthread_cancel(thread);
	error = pthread_join(thread, &result);
	say("  joined: %d, errno %s, %s", error, error_name(errno),
	    result == PTHREAD_CANCELED ? "cancelled" : result ? (char *)result : "nothing");
}

static int c_return(void *arg)
{
	return arg ? -7 : 0;
}

static int c_exit(void *arg)
{
	thrd_exit(arg ? 8 : 0);
}

static void c_threads(void)
{
	thrd_t thread;
	int result = 0;

	say("created %d", thrd_create(&thread, c_return, at_first));
	say("joined %d: %d", thrd_join(thread, &result), result);
	say("created %d", thrd_create(&thread, c_exit, at_first));
	say("joined %d: %d", thrd_join(thread, &result), result);
}

static void *measured(void *arg)
{
	pthread_attr_t attr;
	size_t size = 0, guard = 0;
	char name[32] = "";
	int detached = 0;
	void *low;

	pthread_setname_np(pthread_self(), "its own name");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &low, &size);
	pthread_attr_getguardsize(&attr, &guard);
	pthread_attr_getdetachstate(&attr, &detached);
	pthread_attr_destroy(&attr);
	say("  stack %zu, guard %zu, detached %d, named %s", size, guard, detached, name);
	return arg;
}

static void attributes(void)
{
	static char memory[STACK] __attribute__((aligned(4096)));
	pthread_attr_t attr;
	sigset_t set = set_of(SIGUSR2, SIGTERM, 0);

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN));
	run("the smallest stack", by_return, &attr, 0);
	pthread_attr_setstack(&attr, memory, sizeof(memory));
	run("a stack of its own", measured, &attr, 0);
	pthread_attr_destroy(&attr);
	pthread_attr_init(&attr);
	pthread_attr_setguardsize(&attr, 8192);
	run("a guard", measured, &attr, 0);
	pthread_attr_setsigmask_np(&attr, &set);
	run("a mask of its own", by_exit, &attr, 0);
	pthread_attr_setstacksize(&attr, (size_t)1 << 46);
	run("too large a stack", by_return, &attr, 0);
	pthread_attr_destroy(&attr);
}

static atomic_int finished;

static void *detached(void *arg)
{
	finished++;
	return arg;
}

static void detach(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 100; i++)
		MUST(pthread_create(&thread, &attr, detached, NULL) ? -1 : 0);
	pthread_attr_destroy(&attr);
	while (finished < 100 || thread_count() > 1)
		usleep(1000);
	say("100 detached threads have run");
}

static void in_handler(int sig, siginfo_t *info, void *context)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, detached, NULL);

	(void)info;
	(void)context;
	say("created in a handler for %d: %d", sig, error);
	pthread_join(thread, NULL);
}

static void exits(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	say("  exits in a handler for %d", sig);
	pthread_exit("by the handler");
}

static void *exits_on_alternate_stack(void *arg)
{
	stack_t ss = { .ss_sp = malloc(STACK), .ss_size = STACK };

	sigaltstack(&ss, NULL);
	raise(SIGUSR2);
	return arg;
}

static void *forks(void *arg)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		pthread_t thread;
		void *result = NULL;
		int error = pthread_create(&thread, NULL, by_exit, "of the child");

		pthread_join(thread, &result);
		say("in the child: created %d, joined %s", error, (char *)result);
		/* As its only thread; what started it ends the process. */
		return arg;
	}
	waitpid(pid, &status, 0);
	say("  the child ended with %x", (unsigned int)status);
	return arg;
}

static void *first(void *arg)
{
	snprintf(at_first, sizeof(at_first), "in a constructor, mask %llx", (unsigned long long)kernel_mask());
	return arg;
}

static __attribute__((constructor)) void construct(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, first, NULL) == 0)
		pthread_join(thread, NULL);
}

static void children(void)
{
	struct { const char *name; void (*end)(int); } ways[] = {
		{ "quick_exit", quick_exit }, { "_Exit", _Exit }, { "exit", exit },
	};
	int status = 0;

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (fork() == 0)
			ways[i].end(3 + (int)i);
		wait(&status);
		say("%s: %x", ways[i].name, (unsigned int)status);
	}
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	say("%s", at_first);
	pthread_key_create(&key, told);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	run("returns", by_return, NULL, 0);
	run("exits", by_exit, NULL, 0);
	run("exits after a pop", by_old_pop, NULL, 0);
	run("is cancelled at once", by_cancellation, NULL, 1);
	run("cancels itself", by_own_cancellation, NULL, 0);
	run("is cancelled asynchronously", spins, NULL, 1);
	c_threads();
	attributes();
	detach();
	handle(SIGALRM, in_handler, 0);
	raise(SIGALRM);
	handle(SIGUSR2, exits, SA_ONSTACK);
	run("exits on an alternate stack", exits_on_alternate_stack, NULL, 0);
	run("forks", forks, NULL, 0);
	children();
	show_state("at the end");
	pthread_exit(NULL);
}
