/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that lead to a measured call: TREE_LEVELS levels of four
 * functions, each with eight calls to the level below, so that a path of three
 * bits a level chooses a stack. They are compiled without frame pointers, have
 * frames of different sizes, and are neither inlined nor merged: at_00_a to
 * at_00_d make the call. stacks.py walks the same paths.
 */
#include "bench.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#ifdef BENCH_LTTNG
#include "lttng_call.h"
#else
static inline void tracepoint_after(const struct job *job, int how, long ret)
{
}
#endif

static inline __attribute__((always_inline)) long make_call(struct job *job)
{
	int how = job->made & 1 ? SIG_UNBLOCK : SIG_BLOCK;
	long ret;

	switch (job->call) {
	case CALL_SIGPROCMASK:
		ret = sigprocmask(how, &job->set, &job->old);
		break;
	case CALL_SIGALTSTACK:
		ret = sigaltstack(&job->alternate, &job->old_alternate);
		break;
	case CALL_SIGNALFD:
		ret = signalfd(job->fd, &job->set, SFD_CLOEXEC);
		break;
	case CALL_SIGQUEUE:
		ret = sigqueue(job->pid, SIGRTMIN + 1, job->value);
		break;
	default:
		ret = getppid();
	}
	tracepoint_after(job, how, ret);
	job->failed += ret < 0;
	job->made++;
	return ret;
}

static inline uint64_t turn(uint64_t path)
{
	return path >> 3 | path << 61;
}

/* One of the eight calls; the comment keeps the compiler from merging them. */
#define SITE(n, below, which) \
	case n: \
		ret = at_##below##_##which(job, turn(path)); \
		__asm__ volatile("# site %c0" : : "i"(n)); \
		break;

#define FRAME(size) \
	char frame[size]; \
	__asm__ volatile("" : : "r"(frame) : "memory")

#define NODE(level, below, which, size) \
static __attribute__((noipa)) long at_##level##_##which(struct job *job, uint64_t path) \
{ \
	long ret = 0; \
	FRAME(size); \
	switch (path & 7) { \
	SITE(0, below, a) SITE(1, below, b) SITE(2, below, c) SITE(3, below, d) \
	SITE(4, below, a) SITE(5, below, b) SITE(6, below, c) SITE(7, below, d) \
	} \
	return ret; \
}

#define LEAF(which, size) \
static __attribute__((noipa)) long at_00_##which(struct job *job, uint64_t path) \
{ \
	FRAME(size); \
	return make_call(job); \
}

#define LEVEL(level, below, n) \
	NODE(level, below, a, 16 + n * 24 % 112) \
	NODE(level, below, b, 24 + n * 40 % 144) \
	NODE(level, below, c, 8 + n * 16 % 64) \
	NODE(level, below, d, 40 + n * 56 % 160)

LEAF(a, 16)
LEAF(b, 40)
LEAF(c, 24)
LEAF(d, 64)
LEVEL(01, 00, 1)
LEVEL(02, 01, 2)
LEVEL(03, 02, 3)
LEVEL(04, 03, 4)
LEVEL(05, 04, 5)
LEVEL(06, 05, 6)
LEVEL(07, 06, 7)
LEVEL(08, 07, 8)
LEVEL(09, 08, 9)
LEVEL(10, 09, 10)
LEVEL(11, 10, 11)
LEVEL(12, 11, 12)
LEVEL(13, 12, 13)
LEVEL(14, 13, 14)
LEVEL(15, 14, 15)
LEVEL(16, 15, 16)
LEVEL(17, 16, 17)
LEVEL(18, 17, 18)
LEVEL(19, 18, 19)
LEVEL(20, 19, 20)
LEVEL(21, 20, 21)
LEVEL(22, 21, 22)
LEVEL(23, 22, 23)
LEVEL(24, 23, 24)
LEVEL(25, 24, 25)
LEVEL(26, 25, 26)
LEVEL(27, 26, 27)
LEVEL(28, 27, 28)
LEVEL(29, 28, 29)
LEVEL(30, 29, 30)
LEVEL(31, 30, 31)
LEVEL(32, 31, 32)
LEVEL(33, 32, 33)
LEVEL(34, 33, 34)
LEVEL(35, 34, 35)
LEVEL(36, 35, 36)
LEVEL(37, 36, 37)
LEVEL(38, 37, 38)
LEVEL(39, 38, 39)
LEVEL(40, 39, 40)
LEVEL(41, 40, 41)
LEVEL(42, 41, 42)
LEVEL(43, 42, 43)
LEVEL(44, 43, 44)
LEVEL(45, 44, 45)
LEVEL(46, 45, 46)
LEVEL(47, 46, 47)

#define ROW(level) { at_##level##_a, at_##level##_b, at_##level##_c, at_##level##_d }
tree_entry *const tree_entries[TREE_LEVELS][4] = {
	ROW(00), ROW(01), ROW(02), ROW(03), ROW(04), ROW(05), ROW(06), ROW(07),
	ROW(08), ROW(09), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15),
	ROW(16), ROW(17), ROW(18), ROW(19), ROW(20), ROW(21), ROW(22), ROW(23),
	ROW(24), ROW(25), ROW(26), ROW(27), ROW(28), ROW(29), ROW(30), ROW(31),
	ROW(32), ROW(33), ROW(34), ROW(35), ROW(36), ROW(37), ROW(38), ROW(39),
	ROW(40), ROW(41), ROW(42), ROW(43), ROW(44), ROW(45), ROW(46), ROW(47),
};
