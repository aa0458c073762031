/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers that interrupt each other on one alternate stack, each from within
 * a call of the one before, with unmapped memory below: as deep as natively.
 */
/* flags: -Wl,-z,now */
#include <sys/auxv.h>

#include "case.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define DEEPEST 12

static volatile sig_atomic_t depth;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (++depth < DEEPEST)
		pthread_sigqueue(pthread_self(), sig, (union sigval){ .sival_int = depth });
}

int main(void)
{
	unsigned long size = getauxval(AT_MINSIGSTKSZ), pages;
	stack_t ss;
	pid_t pid;
	char *p;

	size = DEEPEST * ((size ? size : MINSIGSTKSZ) + 900);
	pages = (size + 4095) / 4096 * 4096;
	p = mmap(NULL, pages + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p + 8192, pages, PROT_READ | PROT_WRITE);
	ss = (stack_t){ .ss_sp = p + 8192, .ss_size = size };
	handle(SIGUSR1, handler, SA_ONSTACK | SA_NODEFER);
	pid = fork();
	if (pid == 0) {
		if (sigaltstack(&ss, NULL) != 0)
			_exit(1);
		raise(SIGUSR1);
		_exit(10 + depth);
	}
	show_end("child", pid);
	return 0;
}
