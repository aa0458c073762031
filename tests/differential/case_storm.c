/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A storm of timer signals over four threads, all of which call wrapped
 * functions, as their handler does. Every call is counted.
 */
/* expect: events=counted */
#include <fcntl.h>
#include <stdatomic.h>

#include "case.h"

#define THREADS 4
#define ROUNDS 4000

static atomic_long made, wrong;
static atomic_long handled;

static void check(int good)
{
	made++;
	wrong += !good;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0), old;
	int saved = errno;

	(void)sig;
	(void)info;
	(void)context;
	handled++;
	errno = SENTINEL;
	check(sigprocmask(SIG_BLOCK, &set, &old) == 0 && errno == SENTINEL);
	check(sigaltstack(NULL, NULL) == 0 && errno == SENTINEL);
	errno = saved;
}

static void *work(void *arg)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN, 0), old;
	uint64_t bits = BIT(SIGUSR2);

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		errno = SENTINEL;
		check(pthread_sigmask(SIG_BLOCK, &set, &old) == 0 && errno == SENTINEL);
		check(!sigismember(&old, SIGUSR1));
		made--;
		check(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0 && errno == SENTINEL);
		check(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, (void *)8, 8) == -1 &&
		      errno == EFAULT);
		check(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && errno == EFAULT);
	}
	while (handled < 2000)
		check(sigprocmask(SIG_BLOCK, NULL, &old) == 0);
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];
	int fd;

	handle(SIGALRM, handler, SA_RESTART);
	storm(100);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	storm(0);
	say("wrong %ld", wrong);
	fd = (int)MUST(open("made", O_CREAT | O_WRONLY, 0644));
	dprintf(fd, "%ld\n", made);
	show_state("at the end");
	return 0;
}
