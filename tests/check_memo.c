/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever the memo says of a stack, or the walk for threads that make few
 * calls, libunwind says too: all are asked at the
 * end of millions of random call paths, through functions with all kinds of
 * frames, handlers, alternate stacks, coroutines and threads. Linked with the
 * library's objects.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "../shim/memo.h"
#include "../shim/memo_walk.h"
#include "../shim/shim.h"
#include "unit.h"

#define MAX_STACKS (1u << 16)

/* The memo knows the frames of x86-64. Elsewhere it must always miss, and a few paths show that. */
#if defined(__x86_64__)
#define PATHS 300000
#define TURNS 20000
#define REMEMBERS true
#else
#define PATHS 3000
#define TURNS 200
#define REMEMBERS false
#endif

/* Every stack that was seen, by content; its place is its id. */
static struct {
	unsigned int n;
	uint64_t pc[SHIM_MAX_DEPTH];
} seen[MAX_STACKS];

static _Thread_local uint64_t probes, hits, wrong, unknown, alone;
static _Thread_local uint64_t dice;

static uint32_t roll(uint32_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)((dice >> 33) * n >> 31);
}

/* The id of a stack, made at its first sight; 0 when there are too many. */
static uint32_t id_of(const struct stack *st, bool *ret_known)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t hash = stack_hash(st);
	uint32_t id = 0;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < 64 && !id; i++) {
		uint32_t at = (uint32_t)(hash + i) % (MAX_STACKS - 1) + 1;

		*ret_known = seen[at].n;
		if (!seen[at].n) {
			seen[at].n = st->n;
			memcpy(seen[at].pc, st->pc, st->n * sizeof(*st->pc));
		}
		if (seen[at].n == st->n && memcmp(seen[at].pc, st->pc, st->n * sizeof(*st->pc)) == 0)
			id = at;
	}
	pthread_mutex_unlock(&lock);
	return id;
}

/* What a wrapper does, and then the walk in any case. */
static __attribute__((noinline)) void probe(void)
{
	const struct frame *frame = __builtin_frame_address(0);
	struct memo_key key = { frame->ret, (uintptr_t)(frame + 1), frame->fp };
	struct thread *t = thread_self();
	uint64_t pc[SHIM_MAX_DEPTH + STACK_SKIP];
	uint64_t pc2[SHIM_MAX_DEPTH];
	struct stack st = { .pc = pc }, other = { .pc = pc2 };
	struct memo_stack found;
	struct memo_miss miss;
	bool hit = memo_find(t, &key, shim_process->epoch, &found, &miss), known;
	bool at_first;
	uint32_t id;

	at_first = memo_walk(&key, shim_process->epoch, SHIM_MAX_DEPTH, &other);
	stack_walk(&st, &(struct memo_key){ .pc = key.pc }, t, false);
	alone += at_first;
	wrong += at_first && (other.n != st.n || other.end != st.end ||
			      memcmp(other.pc, st.pc, st.n * sizeof(*st.pc)) != 0);
	id = id_of(&st, &known);
	probes++;
	unknown += st.end != SIGSHIM_STACK_COMPLETE;
	if (hit) {
		hits++;
		wrong += id != found.id || found.end != st.end;
	} else if (known && id && st.end <= SIGSHIM_STACK_DEPTH) {
		memo_learn(&miss, &key, &st, &(struct memo_stack){ id, st.end });
	}
}

static void go(int depth);
static volatile int sink;

#define WAY(name, ...)							\
	static __attribute__((noinline)) void name(int depth)		\
	{								\
		__VA_ARGS__;						\
		sink += depth;						\
	}

WAY(way_plain, go(depth))
WAY(way_large, volatile char room[4000]; room[depth] = 1; go(depth); sink += room[depth])
WAY(way_registers, int a = sink, b = a * 3, c = b ^ depth, d = c + a; go(depth); sink += a + b + c + d;
	go(0); sink += a ^ b ^ c ^ d)
WAY(way_variable, char *p = alloca(16 + 16 * roll(3)); p[0] = (char)depth; sink += p[0]; go(depth); sink += p[0])
WAY(way_aligned, volatile char room[64] __attribute__((aligned(64))); room[1] = 1; go(depth); sink += room[1])
WAY(way_twice, go(depth); sink++; go(depth > 2 ? 2 : 0))

static __attribute__((noinline, optimize("no-omit-frame-pointer"))) void way_pointer(int depth)
{
	go(depth);
	sink++;
}

static void go(int depth)
{
	static void (*const ways[])(int) = {
		way_plain, way_large, way_registers, way_variable, way_aligned, way_pointer, way_twice,
	};

	if (depth <= 0)
		probe();
	else
		ways[roll(sizeof(ways) / sizeof(ways[0]))](depth - 1);
	sink++;
}

static void handler(int sig)
{
	go((int)roll(3));
}

static void walk_paths(unsigned int n)
{
	dice = 88172645463325252ull;
	for (unsigned int i = 0; i < n; i++) {
		if (i % 64 == 0)
			dice = 88172645463325252ull + i % 4096;
		go((int)roll(6));
		if (i % 16 == 0)
			raise(SIGUSR1);
	}
}

static void expect_no_difference(uint64_t least_hits)
{
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(unknown, 0);
	ck_assert_uint_gt(probes, 0);
	if (REMEMBERS) {
		ck_assert_uint_ge(hits * 100, probes * least_hits);
		ck_assert_uint_gt(alone * 4, probes);
	} else {
		ck_assert_uint_eq(hits + alone, 0);
	}
}

static void with_handler(int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(SIGUSR1, &sa, NULL);
}

START_TEST(random_paths_give_the_stacks_that_libunwind_gives)
{
	with_handler(0);
	walk_paths(PATHS);
	expect_no_difference(10);
}
END_TEST

START_TEST(handlers_on_an_alternate_stack_too)
{
	static char memory[256 * 1024];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };

	sigaltstack(&ss, NULL);
	with_handler(SA_ONSTACK);
	walk_paths(PATHS);
	expect_no_difference(10);
}
END_TEST

static ucontext_t outside, inside;

static void coroutine(void)
{
	for (;;) {
		go((int)roll(4));
		swapcontext(&inside, &outside);
	}
}

/* Stacks come and go at the same addresses. */
START_TEST(coroutines_on_stacks_that_come_and_go)
{
	with_handler(0);
	dice = 1;
	for (volatile int i = 0; i < TURNS; i++) {
		size_t size = 65536 + 4096 * roll(4);
		char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		ck_assert_ptr_ne(memory, MAP_FAILED);
		getcontext(&inside);
		inside.uc_stack.ss_sp = memory;
		inside.uc_stack.ss_size = size;
		makecontext(&inside, coroutine, 0);
		for (int turns = 0; turns < 8; turns++)
			swapcontext(&outside, &inside);
		munmap(memory, size);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(hits > 0, REMEMBERS);
}
END_TEST

static void *thread(void *arg)
{
	uint64_t *result = arg;

	walk_paths(PATHS / 4);
	result[0] = probes;
	result[1] = hits;
	result[2] = wrong + unknown;
	return NULL;
}

START_TEST(each_thread_has_its_own)
{
	enum { THREADS = 4, ROUNDS = 3 };
	uint64_t result[THREADS][3];
	pthread_t id[THREADS];

	with_handler(0);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < THREADS; i++)
			ck_assert_int_eq(pthread_create(&id[i], NULL, thread, result[i]), 0);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(id[i], NULL);
			ck_assert_uint_eq(result[i][2], 0);
			ck_assert_int_eq(result[i][1] > 0, REMEMBERS);
		}
	}
}
END_TEST

/* A return address that another one has taken the place of, as in a function called from elsewhere. */
static __attribute__((noinline)) void two_callers(int which)
{
	if (which & 1)
		way_plain(2);
	else
		way_plain(2);
	sink++;
}

START_TEST(two_calls_of_one_function_are_told_apart)
{
	with_handler(0);
	for (int i = 0; i < PATHS / 3; i++) {
		dice = 7;
		two_callers(i / 3);
	}
	expect_no_difference(90);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("memo");

	if (!process_ready() || !shim_config.memo) {
		puts("the library's state can't be made");
		return 1;
	}
	tcase_add_test(t, random_paths_give_the_stacks_that_libunwind_gives);
	tcase_add_test(t, handlers_on_an_alternate_stack_too);
	tcase_add_test(t, coroutines_on_stacks_that_come_and_go);
	tcase_add_test(t, each_thread_has_its_own);
	tcase_add_test(t, two_calls_of_one_function_are_told_apart);
	return run_case("memo", t);
}
