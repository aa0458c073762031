/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 32-bit program without a libc: rt_sigprocmask and kill by int 0x80 as often
 * as its argument says.
 */
static int call(int n, int a, const void *b, void *c, int d)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(n), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

__attribute__((used)) static void run(int *stack)
{
	static unsigned int set[2] = { 1u << 15, 0 }, old[2];
	const char *digit = stack[0] > 1 ? (const char *)stack[2] : "";
	int times = 0;

	for (; *digit; digit++)
		times = 10 * times + *digit - '0';
	for (int i = 0; i < times; i++) {
		call(175, 0, set, old, 8);
		call(37, call(20, 0, 0, 0, 0), 0, 0, 0);
	}
	call(252, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tpush %eax\n\tcall run\n");
