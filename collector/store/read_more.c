/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading of the log's small tables, row by row; see store.h. A store belongs
 * to one thread.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

/* A row's function and the caller's, which it calls. */
struct reader {
	union {
		int (*run)(const struct log_run *run, void *arg);
		int (*process)(const struct log_process *p, void *arg);
		int (*thread)(const struct log_thread *t, void *arg);
		int (*gap)(const struct gap_info *gap, void *arg);
	} fn;
	void *arg;
};

static int each_row(struct store *s, const char *sql, int (*fn)(sqlite3_stmt *stmt, void *arg), struct reader *reader)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, sql);

	while (r >= 0 && (r = db_step(s, stmt)) == 1) {
		r = fn(stmt, reader);
		if (r != 0)
			break;
	}
	sqlite3_finalize(stmt);
	return r;
}

static const char *text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static int run_row(sqlite3_stmt *stmt, void *arg)
{
	const struct reader *reader = arg;
	const struct log_run run = {
		.id = sqlite3_column_int64(stmt, 0),
		.started_ns = sqlite3_column_int64(stmt, 1),
		.mono_ns = sqlite3_column_int64(stmt, 2),
		.ended_ns = sqlite3_column_int64(stmt, 3),
		.clean = sqlite3_column_int(stmt, 4),
		.command = text(stmt, 5),
		.host = text(stmt, 6),
	};

	return reader->fn.run(&run, reader->arg);
}

int store_runs(struct store *s, int (*fn)(const struct log_run *run, void *arg), void *arg)
{
	struct reader reader = { .fn.run = fn, .arg = arg };

	return each_row(s, "SELECT id, started_ns, mono_ns, ended_ns, clean, command, host FROM runs "
			"ORDER BY id", run_row, &reader);
}

static int process_row(sqlite3_stmt *stmt, void *arg)
{
	const struct reader *reader = arg;
	const struct log_process p = {
		.id = sqlite3_column_int64(stmt, 0),
		.run = sqlite3_column_int64(stmt, 1),
		.parent = sqlite3_column_int64(stmt, 2),
		.pid = sqlite3_column_int(stmt, 3),
		.host_pid = sqlite3_column_int(stmt, 4),
		.comm = text(stmt, 5),
		.exe = text(stmt, 6),
		.ppid = sqlite3_column_int(stmt, 11),
		.uid = sqlite3_column_int(stmt, 12),
		.birth = text(stmt, 13),
		.ignored_known = sqlite3_column_type(stmt, 14) != SQLITE_NULL,
		.ignored_start = sqlite3_column_int64(stmt, 14),
		.pending_start = sqlite3_column_int64(stmt, 15),
		.minsigstksz = sqlite3_column_int64(stmt, 16),
		.mask_known = sqlite3_column_type(stmt, 7) != SQLITE_NULL,
		.mask_start = sqlite3_column_int64(stmt, 7),
		.started_ns = sqlite3_column_int64(stmt, 8),
		.ended_ns = sqlite3_column_int64(stmt, 9),
		.end = text(stmt, 10),
	};

	return reader->fn.process(&p, reader->arg);
}

int store_one_pass(struct store *s)
{
	return db_exec(s, "PRAGMA cache_size = -4096");
}

#define PROCESS_COLUMNS "SELECT id, run, parent, pid, host_pid, comm, exe, mask_start, started_ns, ended_ns, " \
	"end, ppid, uid, birth, ignored_start, pending_start, minsigstksz FROM processes "

int store_processes(struct store *s, int (*fn)(const struct log_process *p, void *arg), void *arg)
{
	struct reader reader = { .fn.process = fn, .arg = arg };

	return each_row(s, PROCESS_COLUMNS "ORDER BY id", process_row, &reader);
}

int store_processes_after(struct store *s, int64_t after, unsigned int max,
			  int (*fn)(const struct log_process *p, void *arg), void *arg)
{
	struct reader reader = { .fn.process = fn, .arg = arg };
	char sql[512];

	snprintf(sql, sizeof(sql), PROCESS_COLUMNS "WHERE id > %" PRId64 " ORDER BY id LIMIT %u", after, max);
	return each_row(s, sql, process_row, &reader);
}

static int thread_row(sqlite3_stmt *stmt, void *arg)
{
	const struct reader *reader = arg;
	const struct log_thread t = {
		.id = sqlite3_column_int64(stmt, 0),
		.process = sqlite3_column_int64(stmt, 1),
		.tid = sqlite3_column_int(stmt, 2),
		.host_tid = sqlite3_column_int(stmt, 3),
	};

	return reader->fn.thread(&t, reader->arg);
}

int store_threads(struct store *s, int (*fn)(const struct log_thread *t, void *arg), void *arg)
{
	struct reader reader = { .fn.thread = fn, .arg = arg };

	return each_row(s, "SELECT id, process, tid, host_tid FROM threads ORDER BY id", thread_row,
			&reader);
}

static int gap_row(sqlite3_stmt *stmt, void *arg)
{
	const struct reader *reader = arg;
	const struct gap_info gap = {
		.run = sqlite3_column_int64(stmt, 0),
		.process = sqlite3_column_int64(stmt, 1),
		.thread = sqlite3_column_int64(stmt, 2),
		.ts_ns = sqlite3_column_int64(stmt, 3),
		.first_seq = sqlite3_column_int64(stmt, 4),
		.last_seq = sqlite3_column_int64(stmt, 5),
		.count = sqlite3_column_type(stmt, 6) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 6),
		.reason = text(stmt, 7),
	};

	return reader->fn.gap(&gap, reader->arg);
}

int store_gaps(struct store *s, int (*fn)(const struct gap_info *gap, void *arg), void *arg)
{
	struct reader reader = { .fn.gap = fn, .arg = arg };

	return each_row(s, "SELECT run, process, thread, ts_ns, first_seq, last_seq, count, reason "
			"FROM gaps ORDER BY id", gap_row, &reader);
}

/*
 * A connection to a database in WAL mode holds a shared lock on the file as
 * long as it is open (https://www.sqlite.org/fileformat2.html, "The Lock-Byte
 * Page": 510 bytes from 2 past the gigabyte).
 */
bool store_in_use(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool used = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	return used;
}
