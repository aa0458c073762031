/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a person's own statement; see store.h. A store belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those that only look. */
static const char *const pragmas[] = {
	"application_id", "user_version", "table_info", "table_xinfo", "table_list", "index_list",
	"index_info", "index_xinfo", "foreign_key_list", "compile_options", "function_list",
};

static int allow(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
	case SQLITE_FUNCTION:
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		for (unsigned int i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
			if (strcasecmp(a, pragmas[i]) == 0)
				return SQLITE_OK;
		return SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int prepare(struct store *s, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest;
	int rc, r = 0;

	sqlite3_set_authorizer(s->db, allow, NULL);
	rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, &rest);
	if (rc == SQLITE_AUTH)
		r = db_refuse(s, -EPERM, "the log can only be read: %s", sqlite3_errmsg(s->db));
	else if (rc != SQLITE_OK)
		r = db_fail(s, rc);
	else if (!stmt)
		r = db_refuse(s, -EINVAL, "there is no statement");
	else if (!sqlite3_stmt_readonly(stmt) || rest[strspn(rest, "; \t\r\n")])
		r = db_refuse(s, -EPERM, "one statement that only reads is allowed");
	if (r == 0)
		*ret = stmt;
	else
		sqlite3_finalize(stmt);
	return r;
}

static int give_rows(struct store *s, sqlite3_stmt *stmt, const char **cells, int n,
		     int (*fn)(int row, int n, const char *const *cells, void *arg), void *arg)
{
	int r;

	for (int i = 0; i < n; i++)
		cells[i] = sqlite3_column_name(stmt, i);
	r = fn(0, n, cells, arg);
	for (int row = 1; r == 0 && (r = db_step(s, stmt)) == 1; row++) {
		for (int i = 0; i < n; i++)
			cells[i] = (const char *)sqlite3_column_text(stmt, i);
		r = fn(row, n, cells, arg);
	}
	return r;
}

int store_sql(struct store *s, const char *sql,
	      int (*fn)(int row, int n, const char *const *cells, void *arg), void *arg)
{
	sqlite3_stmt *stmt = NULL;
	const char **cells = NULL;
	int r = prepare(s, sql, &stmt), n;

	if (r == 0) {
		n = sqlite3_column_count(stmt);
		cells = calloc(n ? n : 1, sizeof(*cells));
		r = cells ? give_rows(s, stmt, cells, n, fn, arg) : -ENOMEM;
	}
	/* It stays while the statement runs, which may have to be prepared anew. */
	sqlite3_set_authorizer(s->db, NULL, NULL);
	free(cells);
	sqlite3_finalize(stmt);
	return r;
}
