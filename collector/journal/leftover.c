/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Journals of collectors that were killed: finding them beside a log, and
 * finishing them; see journal.h. A lock tells whether the collector lives, and
 * keeps two finishers apart. One thread.
 */
#include "writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP (4u << 20)		/* bytes of a journal in one transaction */

/* Splits a path into folder (free it) and name. */
static char *folder_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash ? slash + 1 : path;
	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
}

/* The run in a journal's name; 0 if it is another file's. */
static int64_t run_of(const char *file, const char *log_name)
{
	size_t n = strlen(log_name), suffix = strlen(JOURNAL_SUFFIX);
	char *end;
	long long run;

	if (strncmp(file, log_name, n) != 0 || strncmp(file + n, JOURNAL_SUFFIX, suffix) != 0)
		return 0;
	run = strtoll(file + n + suffix, &end, 10);
	return *end || run <= 0 ? 0 : run;
}

/* A locked descriptor, or -errno; -EWOULDBLOCK: its collector lives. */
static int open_dead(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void look(struct journal_leftover *l)
{
	struct stat st;
	int fd = open_dead(l->path);

	l->alive = fd == -EWOULDBLOCK;
	l->bytes = stat(l->path, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (fd >= 0)
		close(fd);
}

int journal_leftovers(const char *log, int (*fn)(const struct journal_leftover *l, void *arg), void *arg)
{
	struct journal_leftover l;
	struct dirent *entry;
	const char *name;
	char *folder = folder_of(log, &name);
	DIR *dir = folder ? opendir(folder) : NULL;
	int r = folder ? dir ? 0 : -errno : -ENOMEM;

	while (r == 0 && (entry = readdir(dir))) {
		l.run = run_of(entry->d_name, name);
		if (l.run == 0 ||
		    (size_t)snprintf(l.path, sizeof(l.path), "%s%s", folder, entry->d_name) >= sizeof(l.path))
			continue;
		look(&l);
		r = fn(&l, arg);
	}
	if (dir)
		closedir(dir);
	free(folder);
	return r;
}

struct finishing {
	struct store *store;
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
	int finished;
};

static int replay_all(struct finishing *f, const struct journal_leftover *l, uint64_t from)
{
	struct journal_reader *r;
	uint64_t events = 0;
	int e = journal_read(l->path, l->run, from, &r), more = 1;

	/* Without a whole header nothing was ever appended. */
	if (e < 0)
		return e == -ENODATA || e == -EBADMSG ? 0 : e;
	while (e == 0 && more == 1) {
		more = journal_replay(r, f->store, UINT64_MAX, STEP, &events);
		e = more < 0 ? more : store_commit(f->store);
		if (e == 0 && f->progress && more == 1)
			e = f->progress(journal_read_position(r) - from, l->bytes, f->arg) ? -EINTR : 0;
	}
	journal_read_close(r);
	return e;
}

static int finish(const struct journal_leftover *l, void *arg)
{
	struct finishing *f = arg;
	uint64_t from;
	int fd, r;

	if (l->alive)
		return 0;
	fd = open_dead(l->path);
	if (fd < 0)
		return fd == -EWOULDBLOCK || fd == -ENOENT ? 0 : fd;
	/* A log that doesn't know it has everything of it, or is another log by now. */
	r = store_journal(f->store, l->run, &from);
	if (r == 1)
		r = replay_all(f, l, from);
	if (r == 0)
		r = store_journal_end(f->store, l->run);
	if (r == 0)
		r = store_commit(f->store);
	if (r < 0)
		store_rollback(f->store);
	else
		unlink(l->path);
	f->finished += r == 0;
	close(fd);
	return r;
}

int journal_finish_all(struct store *s, int (*progress)(uint64_t done, uint64_t total, void *arg), void *arg)
{
	struct finishing f = { .store = s, .progress = progress, .arg = arg };
	int r = journal_leftovers(store_path(s), finish, &f);

	return r < 0 ? r : f.finished;
}
