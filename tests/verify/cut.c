/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts its own shim off from the collector in the way of its argument, and goes
 * on making calls: "descriptors" closes all, "socket" shuts the connection down
 * behind the shim's back, and both hide the collector's address.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void calls(int n)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (n--)
		sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	const char *socket_path = getenv("SIGSHIM_SOCKET");

	calls(10);
	if (argc < 2 || !socket_path || unlink(socket_path) < 0)
		return 2;
	for (int fd = 3; fd < 65536; fd++) {
		if (strcmp(argv[1], "socket") == 0)
			shutdown(fd, SHUT_RDWR);
		else
			close(fd);
	}
	calls(100);
	return 0;
}
