/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log with a run, a process and a thread, for the tests of the store.
 */
#ifndef SIGSHIM_STORE_FIXTURE_H
#define SIGSHIM_STORE_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_put.h"

static char dir[64], path[96];
static struct store *s;
static int64_t run, process, thread;

static void make_dir(void)
{
	strcpy(dir, "/tmp/check_store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(path, sizeof(path), "%s/a log?#%%.db", dir);
}

static void remove_dir(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[128];

	chmod(dir, 0755);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	rmdir(dir);
}

static void open_as(enum store_mode mode)
{
	char *error = NULL;

	ck_assert_msg(store_open(path, mode, &s, &error) == 0, "%s", error);
}

static inline void reopen(enum store_mode mode)
{
	ck_assert_int_eq(store_close(s), 0);
	open_as(mode);
}

static void begin(void)
{
	struct process_info p = { .pid = 10, .host_pid = 1010, .ppid = 1, .uid = 1000, .comm = "prog",
		.exe = "/bin/prog", .transport = "ring", .stack_mode = "unwind", .overflow = "drop",
		.started_ns = 5 };

	open_as(STORE_CREATE);
	ck_assert_int_eq(store_run_begin(s, "prog --option", &run), 0);
	p.run = run;
	process = put_process(s, &p);
	thread = put_thread(s, process, 1, 10, 1010);
}

/* One event of a row, with every argument given and every mask known. */
static struct event sample(const struct event_desc *d, uint64_t seq)
{
	static const uint64_t copy[SIGSHIM_COPY_SIGINFO / 8] = { 1 << 9 };
	struct event ev = { .desc = d, .pid = 10, .tid = 10, .thread = 1, .seq = seq, .start_ns = 1000 * seq,
		.duration_ns = 7, .ret = -1, .error = EINVAL,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER, .mask_before = 1, .mask_after = UINT64_MAX };

	for (unsigned int i = 0; i < d->nargs; i++) {
		ev.arg[i] = i + 1;
		if (!sigshim_kind_copy(d->args[i].kind))
			continue;
		ev.copied |= 1u << i;
		ev.copy[i] = (const unsigned char *)copy;
	}
	return ev;
}

static int take_number(int row, int n, const char *const *cells, void *arg)
{
	if (row == 1)
		*(int64_t *)arg = cells[0] ? strtoll(cells[0], NULL, 10) : -1;
	return 0;
}

static int64_t number(const char *sql)
{
	int64_t value = -2;

	ck_assert_msg(store_sql(s, sql, take_number, &value) == 0, "%s", store_error(s));
	return value;
}

#endif
