/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets which mask: threads and children of every kind, and programs that
 * are started in every way.
 */
#include <spawn.h>

#include "case.h"

extern char **environ;

static void *thread(void *arg)
{
	sigset_t set = set_of(SIGWINCH, 0);

	show_mask(arg);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return NULL;
}

static void started(const char *how, char *mode)
{
	posix_spawnattr_t attr;
	sigset_t set = set_of(SIGALRM, 0);
	char *argv[] = { "case", "shown", mode, NULL };
	pid_t pid;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, mode[0] == 'm' ? POSIX_SPAWN_SETSIGMASK : 0);
	if (posix_spawn(&pid, "/proc/self/exe", NULL, &attr, argv, environ) != 0)
		say("posix_spawn failed");
	show_end(how, pid);
	posix_spawnattr_destroy(&attr);
	show_mask("the parent");
}

static void vforked(void)
{
	sigset_t set = set_of(SIGUSR2, 0);
	pid_t pid = vfork();

	if (pid == 0) {
		show_mask("vfork child");
		sigprocmask(SIG_BLOCK, &set, NULL);
		show_mask("vfork child, blocked");
		execl("/proc/self/exe", "case", "shown", "after vfork", NULL);
		_exit(1);
	}
	show_end("vfork child", pid);
	show_mask("the parent of a vfork child");
}

static void forked(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		show_mask("fork child");
		execl("/proc/self/exe", "case", "shown", "after fork", NULL);
		_exit(1);
	}
	show_end("fork child", pid);
}

int main(int argc, char **argv)
{
	sigset_t set = set_of(SIGHUP, SIGTERM, SIGRTMIN + 2, 0);
	char line[200];
	pthread_t other;
	FILE *p;

	if (argc > 2) {
		show_state(argv[2]);
		return 0;
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGUSR1, SIG_IGN);
	pthread_create(&other, NULL, thread, "thread");
	pthread_join(other, NULL);
	show_mask("its creator");
	forked();
	vforked();
	started("posix_spawn", "plain");
	started("posix_spawn with a mask", "mask");
	say("system: %d", system("grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"));
	p = popen("grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status", "r");
	while (p && fgets(line, sizeof(line), p))
		say("popen: %.40s", line);
	say("pclose: %d", p ? pclose(p) : -1);
	show_state("at the end");
	return 0;
}
