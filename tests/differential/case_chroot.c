/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon's beginning: chroot to an empty folder, then nobody's rights. What
 * comes after can't reach the collector any more, and doesn't notice.
 */
/* needs: root */
#include <grp.h>

#include "case.h"

static void calls(const char *when)
{
	sigset_t set = set_of(SIGUSR1, 0), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(pthread_sigmask(SIG_SETMASK, &old, NULL));
	CALL(sigqueue(getpid(), 0, (union sigval){ 0 }));
	show_mask(when);
	show_descriptors(when);
}

static void *thread(void *arg)
{
	calls(arg);
	return NULL;
}

static void child(const char *who)
{
	pid_t pid = fork();

	if (pid == 0) {
		calls(who);
		_exit(0);
	}
	show_end(who, pid);
}

int main(void)
{
	pthread_t other;

	MUST(mkdir("empty", 0755));
	MUST(chroot("empty"));
	MUST(chdir("/"));
	calls("in an empty root");
	child("child in an empty root");
	MUST(setgroups(0, NULL));
	MUST(setgid(65534));
	MUST(setuid(65534));
	calls("as nobody");
	child("child of nobody");
	pthread_create(&other, NULL, thread, "thread of nobody");
	pthread_join(other, NULL);
	say("uid %d", getuid());
	return 0;
}
