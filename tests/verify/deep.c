/* SPDX-License-Identifier: BSD-2-Clause */
/* One inline system call under twelve functions, to be built without frame pointers. */
#include "ways.h"

#define KEEP __attribute__((noinline, noclone))

static volatile int depth;

static KEEP long call(void)
{
	static uint64_t set = 1ull << 15;
	const long arg[6] = { 0, (long)&set, 0, 8 };

	return ways_inline(SYS_rt_sigprocmask, arg);
}

/* What is left to do after it keeps each from being a jump. */
#define LEVEL(n, below) static KEEP long level##n(void) { long r = below(); depth++; return r; }
LEVEL(0, call)
LEVEL(1, level0)
LEVEL(2, level1)
LEVEL(3, level2)
LEVEL(4, level3)
LEVEL(5, level4)
LEVEL(6, level5)
LEVEL(7, level6)
LEVEL(8, level7)
LEVEL(9, level8)
LEVEL(10, level9)
LEVEL(11, level10)

int main(void)
{
	long r = level11();

	return r == 0 && depth == 12 ? 0 : 1;
}
