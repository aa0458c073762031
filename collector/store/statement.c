/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statements and the transaction: the only place that turns SQLite's result
 * codes into -errno. For this folder alone.
 */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static int errno_of(struct store *s, int rc)
{
	int system = sqlite3_system_errno(s->db);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -EINTR;
	case SQLITE_AUTH:
		return -EPERM;
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return system ? -system : -ENOENT;
	case SQLITE_IOERR:
		return system ? -system : -EIO;
	case SQLITE_CORRUPT:
		return -EIO;
	case SQLITE_TOOBIG:
		return -E2BIG;
	default:
		return -EINVAL;
	}
}

int db_refuse(struct store *s, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
	return error;
}

int db_fail(struct store *s, int rc)
{
	int error = errno_of(s, rc);

	if (rc == SQLITE_FULL)
		db_refuse(s, error, "the disk is full");
	else
		db_refuse(s, error, "%s", sqlite3_errmsg(s->db));
	/*
	 * Some failures undo the whole transaction, and with it what callers
	 * believe to be written: take no more until they know.
	 */
	if (s->in_transaction && sqlite3_get_autocommit(s->db)) {
		s->in_transaction = false;
		s->batched = 0;
		s->failed = error;
	}
	return error;
}

int db_ready(struct store *s, sqlite3_stmt **stmt, const char *sql)
{
	int rc;

	if (*stmt) {
		sqlite3_reset(*stmt);
		return 0;
	}
	rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	return rc == SQLITE_OK ? 0 : db_fail(s, rc);
}

int db_bind(struct store *s, sqlite3_stmt *stmt, const struct bind_value *values, unsigned int n)
{
	int rc = SQLITE_OK;

	for (unsigned int i = 0; i < n && rc == SQLITE_OK; i++) {
		if (values[i].is_text)
			rc = sqlite3_bind_text(stmt, i + 1, values[i].text, -1, SQLITE_STATIC);
		else
			rc = sqlite3_bind_int64(stmt, i + 1, values[i].number);
	}
	return rc == SQLITE_OK ? 0 : db_fail(s, rc);
}

int db_step(struct store *s, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc);
}

int db_exec(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_fail(s, rc);
}

int db_number(struct store *s, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, sql);

	if (r == 0)
		r = db_step(s, stmt);
	if (r >= 0)
		*ret = r ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

int db_begin(struct store *s)
{
	int r;

	if (s->failed || s->in_transaction)
		return s->failed;
	if (s->mode == STORE_READ)
		return db_refuse(s, -EACCES, "the log is open for reading only");
	r = db_exec(s, "BEGIN IMMEDIATE");
	if (r == 0)
		s->in_transaction = true;
	return r;
}

int db_write(struct store *s, sqlite3_stmt **stmt, const char *sql,
	     const struct bind_value *values, unsigned int n)
{
	int r = db_begin(s);

	if (r < 0)
		return r;
	r = db_ready(s, stmt, sql);
	if (r < 0)
		return r;
	r = db_bind(s, *stmt, values, n);
	if (r == 0)
		r = db_step(s, *stmt);
	sqlite3_reset(*stmt);
	return r < 0 ? r : 0;
}

int64_t db_last_id(const struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

int db_rows(struct store *s, sqlite3_stmt *stmt, int (*fn)(sqlite3_stmt *row, void *arg), void *arg)
{
	int r;

	while ((r = db_step(s, stmt)) == 1) {
		r = fn(stmt, arg);
		if (r != 0)
			break;
	}
	sqlite3_finalize(stmt);
	return r;
}
