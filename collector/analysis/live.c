/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads /proc/PID/task/TID/status; see live.h.
 */
#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0, or -errno when the thread is gone or the file lacks a mask. */
static int read_status(int pid, const char *task, struct live_thread *ret)
{
	struct live_thread t = { .host_tid = atoi(task), .tid = atoi(task) };
	char path[64], line[256], *last;
	int r = -ENODATA;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", pid, task);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "NSpid:", 6) == 0 && (last = strrchr(line, '\t')))
			t.tid = atoi(last + 1);
		if (sscanf(line, "SigBlk: %lx", &t.mask) == 1)
			r = 0;
	}
	fclose(f);
	if (r == 0)
		*ret = t;
	return r;
}

static int by_tid(const void *a, const void *b)
{
	const struct live_thread *x = a, *y = b;

	return x->host_tid - y->host_tid;
}

int live_threads(int host_pid, struct live_thread **ret)
{
	struct live_thread *threads = NULL, *grown;
	struct dirent *entry;
	char path[32];
	int n = 0, r = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", host_pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		grown = reallocarray(threads, n + 1, sizeof(*threads));
		threads = grown ? grown : threads;
		r = grown ? 0 : -ENOMEM;
		if (grown && read_status(host_pid, entry->d_name, &threads[n]) == 0)
			n++;
	}
	closedir(dir);
	if (r < 0 || n == 0) {
		free(threads);
		return r < 0 ? r : -ESRCH;
	}
	qsort(threads, n, sizeof(*threads), by_tid);
	*ret = threads;
	return n;
}
