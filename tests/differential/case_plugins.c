/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dlopen and dlclose in one thread, over and over, while another and a storm
 * of signals make the library walk stacks through the same addresses.
 */
/* uses: lib_plugin */
#include <dlfcn.h>
#include <stdatomic.h>

#include "case.h"

static atomic_int finished;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)sig;
	(void)info;
	(void)context;
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void *work(void *arg)
{
	sigset_t set = set_of(SIGUSR2, 0), old;
	long wrong = 0;

	while (!finished) {
		wrong += pthread_sigmask(SIG_BLOCK, &set, &old) != 0;
		wrong += pthread_sigmask(SIG_SETMASK, &old, NULL) != 0;
	}
	return (void *)wrong + ((long)arg & 0);
}

int main(int argc, char **argv)
{
	char path[4096] = {};
	void *wrong = NULL, *p;
	pthread_t thread;
	int bad = 0, n = 0;

	(void)argc;
	MUST(readlink("/proc/self/exe", path, sizeof(path) - 1));
	snprintf(strrchr(path, '/') + 1, 32, "%s", "lib_plugin.so");
	p = dlopen(path, RTLD_NOW);
	say("loaded: %s", p ? "yes" : dlerror());
	handle(SIGALRM, handler, SA_RESTART);
	pthread_create(&thread, NULL, work, argv);
	storm(300);
	for (int i = 0; i < 500; i++) {
		void *lib = dlopen(path, i & 1 ? RTLD_NOW : RTLD_LAZY);
		int (*call)(int) = lib ? (int (*)(int))dlsym(lib, "plugin_call") : NULL;

		bad += !call || call(SIG_BLOCK) != 0 || call(SIG_UNBLOCK) != 0;
		bad += lib && dlclose(lib) != 0;
		n++;
	}
	storm(0);
	finished = 1;
	pthread_join(thread, &wrong);
	say("%d times, %d went wrong, %ld in the thread", n, bad, (long)wrong);
	CALL(dlclose(p));
	show_state("at the end");
	return 0;
}
