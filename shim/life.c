/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lives of threads. A thread that the program creates runs a routine of
 * ours first, which notes its start, calls the program's, and notes its end,
 * however that comes: a clean-up handler of the kind that libc keeps in a list
 * (no key, no unwinder, no memory of libc's) runs at pthread_exit and
 * cancellation too. What the routine needs waits for it in a place of a static
 * pool; when all are taken, a thread runs the program's routine at once, and
 * the log knows less of it. AS-safe, MT-safe, but for life_begin.
 */
#include <dlfcn.h>
#include <errno.h>

#include "life.h"
#include "shim.h"

#include "banned.h"

/* Between its creation and its start; a thread leaves its place as soon as it runs. */
#define PLACES 4096

struct start {
	uint64_t owner;		/* instance of the process; any other: free */
	void *(*routine)(void *);
	void *arg;
	uint64_t number;
	int32_t creator;
};

/* As large as any libc's: glibc's has 4 words, musl's 3. */
struct cleanup {
	uintptr_t libc[4];
};

/* On the thread's own stack, while it lives. */
struct life {
	struct cleanup cleanup;
	void *(*routine)(void *);
	uint64_t number;
	bool ended;
};

static struct start place[PLACES];
static uint64_t last_number;
static shim_function *real_pthread_create, *real_thrd_create;
static void (*cleanup_push)(struct cleanup *, void (*)(void *), void *);
static void (*cleanup_pop)(struct cleanup *, int);

uint64_t life_number(void)
{
	return __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
}

/* One that a parent's thread was to take, in a forked child nobody will: it has another instance. */
static struct start *take_place(uint64_t instance)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		uint64_t owner = __atomic_load_n(&place[i].owner, __ATOMIC_RELAXED);

		if (owner != instance && __atomic_compare_exchange_n(&place[i].owner, &owner, instance, false,
								     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return &place[i];
	}
	return NULL;
}

static void give_place(struct start *s)
{
	__atomic_store_n(&s->owner, 0, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void note_end(struct life *l, void *value, bool returned)
{
	const long arg[SIGSHIM_MAX_ARGS] = { (long)l->routine, (long)value, returned, (long)l->number };

	if (l->ended)
		return;
	l->ended = true;
	shim_note(SIGSHIM_EV_thread_end, arg, (uintptr_t)l->routine + 1);
}

/* By pthread_exit or cancellation. */
static void end_early(void *arg)
{
	note_end(arg, NULL, false);
}

static __attribute__((noinline)) void note_start(const struct life *l, void *its, int32_t creator)
{
	const long arg[SIGSHIM_MAX_ARGS] = { (long)l->routine, (long)its, creator, (long)l->number };

	shim_note(SIGSHIM_EV_thread_start, arg, (uintptr_t)l->routine + 1);
}

/*
 * The routine of each thread. Its frame lies below all others: keep it small.
 * An int that thrd_create's routine returns passes in the same register.
 */
static void *live(void *arg)
{
	struct start *s = arg;
	struct life l = { .routine = s->routine, .number = s->number };
	int32_t creator = s->creator;

	arg = s->arg;
	give_place(s);
	cleanup_push(&l.cleanup, end_early, &l);
	note_start(&l, arg, creator);
	arg = l.routine(arg);
	note_end(&l, arg, true);
	cleanup_pop(&l.cleanup, 0);
	return arg;
}

static struct start *prepare(long routine, long arg, uint64_t number)
{
	struct start *s = process_ready() ? take_place(shim_process->instance) : NULL;

	if (!s)
		return NULL;
	s->routine = (void *(*)(void *))routine;
	s->arg = (void *)arg;
	s->number = number;
	s->creator = thread_self()->tid;
	return s;
}

static long create_pthread(long thread, long attr, long routine, long arg, long number, long f)
{
	int entry_errno = errno;
	struct start *s = prepare(routine, arg, (uint64_t)number);
	long err;

	errno = entry_errno;
	if (!s)
		return real_pthread_create(thread, attr, routine, arg, 0, 0);
	err = real_pthread_create(thread, attr, (long)live, (long)s, 0, 0);
	if ((int)err)
		give_place(s);
	return err;
}

static long create_thrd(long thread, long routine, long arg, long number, long e, long f)
{
	int entry_errno = errno;
	struct start *s = prepare(routine, arg, (uint64_t)number);
	long err;

	errno = entry_errno;
	if (!s)
		return real_thrd_create(thread, routine, arg, 0, 0, 0);
	err = real_thrd_create(thread, (long)live, (long)s, 0, 0, 0);
	if ((int)err)
		give_place(s);
	return err;
}

void life_begin(void)
{
	if (!shim_config.event[SIGSHIM_EV_thread_start] && !shim_config.event[SIGSHIM_EV_thread_end])
		return;
	*(void **)&cleanup_push = dlsym(RTLD_NEXT, "_pthread_cleanup_push");
	*(void **)&cleanup_pop = dlsym(RTLD_NEXT, "_pthread_cleanup_pop");
	if (!cleanup_push || !cleanup_pop)
		return;
	real_pthread_create = shim_real[SIGSHIM_EV_pthread_create];
	real_thrd_create = shim_real[SIGSHIM_EV_thrd_create];
	if (real_pthread_create)
		shim_real[SIGSHIM_EV_pthread_create] = create_pthread;
	if (real_thrd_create)
		shim_real[SIGSHIM_EV_thrd_create] = create_thrd;
}
