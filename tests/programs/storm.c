/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm FILE SECONDS MICROSECONDS: four threads, each with two timers of its
 * own that signal it every so many microseconds. Threads and handlers call
 * wrapped functions without a pause; handlers interrupt each other, run on the
 * normal and on an alternate stack, and sometimes jump out.
 *
 * FILE is shared memory: what each thread made, in counters that a handler or a
 * jump can't spoil. A thread jumps only where it interrupted no call, so that
 * its count is exact; but for the last, the wild one, which jumps from anywhere:
 * between `done` and `begun` nobody can tell what became of its calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define WILD (THREADS - 1)
#define DEEPEST 5		/* handlers, of 12 KiB each at most, on one stack */
#define UNTOUCHED 7777

/* tests/e2e/test_storm.py reads it. */
struct counters {
	uint64_t tid;
	uint64_t begun, done;	/* calls */
	uint64_t delivered;	/* signals */
	uint64_t jumps, deepest;
	uint64_t wrong;		/* results or errno that are not as they should be */
	uint64_t pad;
};

struct self {
	struct counters *n;
	sigjmp_buf back;
	volatile int in_call;	/* calls under way, of the thread and its handlers */
	volatile int depth;	/* handlers */
	timer_t timer[2];
	char stack[2][1 << 16];
};

static struct counters *shared;
static struct self self_of[THREADS];
static _Thread_local struct self *self __attribute__((tls_model("initial-exec")));
static sigset_t timers;
static volatile int stop;
static long interval_us;

static void add(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* A call that returns, as it should, and leaves errno alone unless it fails. */
#define MAKE(call, good) do {						\
	int make_saved = errno;						\
									\
	self->in_call++;						\
	add(&self->n->begun);						\
	errno = UNTOUCHED;						\
	if (!(good(call)))						\
		add(&self->n->wrong);					\
	add(&self->n->done);						\
	self->in_call--;						\
	errno = make_saved;						\
} while (0)
#define ZERO(result) ((result) == 0 && errno == UNTOUCHED)
#define BAD(result) ((result) == -1 && errno == EFAULT)

static void jump(void)
{
	add(&self->n->jumps);
	self->in_call++;
	add(&self->n->begun);
	siglongjmp(self->back, 1);
}

static void handler(int sig)
{
	sigset_t set, old;
	int saved = errno;

	/* Scattered, as the timers go in step. */
	unsigned int turn = (unsigned int)__atomic_fetch_add(&self->n->delivered, 1, __ATOMIC_RELAXED) *
		2654435761u >> 28;

	/* A thread that has more signals than it can handle comes to its end all the same. */
	if (stop || self->depth == DEEPEST)
		return;
	if (++self->depth > (int)self->n->deepest)
		self->n->deepest = (uint64_t)self->depth;
	/*
	 * From here on others may interrupt. SA_NODEFER would let them in
	 * at the first instruction, one after the other while others have the processor, and
	 * the kernel's frames alone would fill the stack.
	 */
	MAKE(pthread_sigmask(SIG_UNBLOCK, &timers, NULL), ZERO);
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	MAKE(sigprocmask(SIG_BLOCK, &set, &old), ZERO);
	MAKE(sigaltstack(NULL, NULL), ZERO);
	MAKE(pthread_sigmask(SIG_SETMASK, &old, NULL), ZERO);
	MAKE(sigqueue(getpid(), 0, (union sigval){ .sival_int = sig }), ZERO);
	if (turn < 2)
		MAKE(pthread_sigqueue(pthread_self(), SIGVTALRM, (union sigval){}), ZERO);
	/* A jump lets the next signal in before it has left: it stays a handler until it lands. */
	if (turn == 2 && (self->in_call == 0 || self->n == &shared[WILD]))
		jump();
	self->depth--;
	errno = saved;
}

static void start_timer(timer_t *timer, int sig)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = sig };
	struct itimerspec every = { { 0, interval_us * 1000 }, { 0, interval_us * 1000 } };

	event._sigev_un._tid = (pid_t)self->n->tid;
	if (timer_create(CLOCK_MONOTONIC, &event, timer) || timer_settime(*timer, 0, &every, NULL))
		abort();
}

/* Wrapped functions of every kind, the alternate stack changing underneath. */
static void work(unsigned int round)
{
	stack_t ss = { .ss_sp = self->stack[round & 1], .ss_size = sizeof(self->stack[0]) };
	uint64_t bits = 1ull << (SIGUSR2 - 1);
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	MAKE(pthread_sigmask(SIG_BLOCK, &set, &old), ZERO);
	MAKE(sigprocmask(SIG_UNBLOCK, &set, NULL), ZERO);
	MAKE(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, (void *)8, 8), BAD);
	MAKE(sigaltstack(&ss, NULL), ZERO);
	MAKE(pthread_sigqueue(pthread_self(), 0, (union sigval){ .sival_int = 1 }), ZERO);
	for (volatile int i = 0; i < 2000; i++)
		;
}

static void *run(void *arg)
{
	volatile unsigned int round = 0;

	self = arg;
	self->n->tid = (uint64_t)syscall(SYS_gettid);
	if (sigsetjmp(self->back, 1) == 0) {
		start_timer(&self->timer[0], SIGALRM);
		start_timer(&self->timer[1], SIGVTALRM);
	} else {
		add(&self->n->done);
	}
	self->in_call = self->depth = 0;
	while (!stop)
		work(round++);
	/* Nobody jumps from here on. */
	self->in_call = 1;
	timer_delete(self->timer[0]);
	timer_delete(self->timer[1]);
	return NULL;
}

/* SIGVTALRM's runs on the stack that is in use. */
static void handle(void)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK };

	sigemptyset(&timers);
	sigaddset(&timers, SIGALRM);
	sigaddset(&timers, SIGVTALRM);
	act.sa_mask = timers;
	sigaction(SIGALRM, &act, NULL);
	act.sa_flags = SA_RESTART;
	sigaction(SIGVTALRM, &act, NULL);
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR | O_CREAT, 0644);
	pthread_t thread[THREADS];
	uint64_t wrong = 0;

	if (argc != 4 || fd < 0 || ftruncate(fd, 0) || ftruncate(fd, THREADS * sizeof(*shared)))
		return 2;
	shared = mmap(NULL, THREADS * sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	interval_us = atol(argv[3]);
	handle();
	for (int i = 0; i < THREADS; i++) {
		self_of[i].n = &shared[i];
		pthread_create(&thread[i], NULL, run, &self_of[i]);
	}
	sleep((unsigned int)atoi(argv[2]));
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < THREADS; i++)
		wrong += shared[i].wrong;
	printf("%d threads, %llu wrong\n", THREADS, (unsigned long long)wrong);
	return wrong != 0;
}
