/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers on alternate stacks of few sizes above the kernel's minimum, with
 * unmapped memory below: what fits natively, fits.
 */
/* flags: -Wl,-z,now */
#include <sys/auxv.h>

#include "case.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static volatile sig_atomic_t ran;

static void handler(int sig, siginfo_t *info, void *context)
{
	static sigset_t set, old;
	static stack_t ss;
	int saved = errno;

	(void)sig;
	(void)info;
	(void)context;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &old);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sigaltstack(NULL, &ss);
	ran++;
	errno = saved;
}

static void with_room(unsigned long room)
{
	unsigned long size = getauxval(AT_MINSIGSTKSZ), pages;
	stack_t ss;
	char *p;
	pid_t pid;

	size = (size ? size : MINSIGSTKSZ) + room;
	pages = (size + 4095) / 4096 * 4096;
	p = mmap(NULL, pages + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p + 8192, pages, PROT_READ | PROT_WRITE);
	ss = (stack_t){ .ss_sp = p + 8192, .ss_size = size };
	pid = fork();
	if (pid == 0) {
		if (sigaltstack(&ss, NULL) != 0)
			_exit(1);
		raise(SIGUSR1);
		raise(SIGUSR1);
		_exit(10 + ran);
	}
	say("%lu bytes above the minimum:", room);
	show_end("child", pid);
}

int main(void)
{
	handle(SIGUSR1, handler, SA_ONSTACK);
	for (unsigned long room = 512; room < 2048; room += 128)
		with_room(room);
	for (unsigned long room = 2048; room < 20000; room += 1024)
		with_room(room);
	return 0;
}
