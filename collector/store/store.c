/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing the log, and its transaction; see store.h. A store
 * belongs to one thread.
 */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000

static int connect(struct store *s, const char *name, int flags)
{
	int rc;

	sqlite3_close_v2(s->db);
	rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (!s->db)
		return -ENOMEM;
	if (rc != SQLITE_OK)
		return db_fail(s, rc);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return 0;
}

static int configure(struct store *s)
{
	int r = db_exec(s, "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536");

	if (r < 0)
		return r;
	if (s->mode == STORE_READ) {
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		return 0;
	}
	if (sqlite3_db_readonly(s->db, "main") == 1)
		return db_refuse(s, -EACCES, "no permission to write it");
	return db_exec(s, "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192;"
		       "PRAGMA journal_size_limit = 67108864");
}

/* "file:" and the path, with what a URI gives a meaning to as %xx. */
static char *uri_of(const char *path, const char *query)
{
	char *uri = malloc(strlen("file:") + 3 * strlen(path) + strlen(query) + 1), *to;

	if (!uri)
		return NULL;
	to = stpcpy(uri, "file:");
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._-", *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	}
	strcpy(to, query);
	return uri;
}

static bool has_journal(const char *path)
{
	struct stat st;
	char *wal = NULL;
	bool found;

	if (asprintf(&wal, "%s-wal", path) < 0)
		return false;
	found = stat(wal, &st) == 0 && st.st_size > 0;
	free(wal);
	return found;
}

/*
 * Where no file can be made beside the log, SQLite's readers cannot meet a
 * writer through shared memory. Nobody can be writing there under our eyes,
 * so do without locks: with the journal's index in our own memory, or with no
 * journal at all if there is none.
 */
static int open_unshared(struct store *s)
{
	bool journal = has_journal(s->path);
	char *uri = uri_of(s->path, journal ? "?vfs=unix-none" : "?immutable=1");
	int r;

	if (!uri)
		return -ENOMEM;
	r = connect(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	free(uri);
	if (r == 0 && journal)
		r = db_exec(s, "PRAGMA locking_mode = EXCLUSIVE");
	if (r == 0)
		r = configure(s);
	return r == 0 ? schema_open(s, false) : r;
}

/* Whether a file can be made in the path's folder; errno says why not. */
static bool may_create(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool may = folder && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
	int error = errno;

	free(folder);
	errno = error;
	return may;
}

/* SQLite would make a log of a missing path's name, and wait on a FIFO. */
static int check_path(struct store *s)
{
	struct stat st;

	if (stat(s->path, &st) == 0 && !S_ISREG(st.st_mode))
		return db_refuse(s, -EINVAL, "it is not a regular file");
	if (faccessat(AT_FDCWD, s->path, R_OK, AT_EACCESS) == 0 ||
	    (errno == ENOENT && s->mode == STORE_CREATE && *s->path && may_create(s->path)))
		return 0;
	return db_refuse(s, -errno, "%s", strerror(errno));
}

/* SQLite takes some names for more than a name: ":memory:", "file:log?mode=ro". */
static int connect_file(struct store *s, int flags)
{
	char *name = NULL;
	int r;

	if (asprintf(&name, "%s%s", *s->path == '/' ? "" : "./", s->path) < 0)
		return -ENOMEM;
	r = connect(s, name, flags);
	free(name);
	return r;
}

static int open_log(struct store *s)
{
	static const int flags[] = {
		[STORE_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[STORE_UPDATE] = SQLITE_OPEN_READWRITE,
		[STORE_READ] = SQLITE_OPEN_READONLY,
	};
	int r = check_path(s);

	if (r < 0)
		return r;
	r = connect_file(s, flags[s->mode]);
	if (r == 0)
		r = configure(s);
	if (r == 0)
		r = schema_open(s, s->mode == STORE_CREATE);
	if (s->mode == STORE_READ && r < 0 && r != -EINVAL && r != -EPROTO && r != -EBUSY) {
		int first = r;

		r = open_unshared(s);
		if (r == -ENOENT)
			r = first;
	}
	return r;
}

static char *describe(const struct store *s, int error)
{
	char *text = NULL;
	int n;

	if (error == -ENOENT && s->mode != STORE_CREATE)
		n = asprintf(&text, "there is no log '%s'", s->path);
	else if (error == -ENOENT)
		n = asprintf(&text, "cannot make the log '%s': its directory is missing or cannot be written", s->path);
	else if (error == -EINVAL)
		n = asprintf(&text, "'%s' is not a sigshim log: %s", s->path, s->error);
	else
		n = asprintf(&text, "cannot open the log '%s': %s", s->path, s->error);
	return n < 0 ? NULL : text;
}

static void free_store(struct store *s)
{
	sqlite3_stmt *stmt;

	while (s->db && (stmt = sqlite3_next_stmt(s->db, NULL)))
		sqlite3_finalize(stmt);
	sqlite3_close_v2(s->db);
	stack_cache_clear(s);
	free(s->todo_text);
	free(s->path);
	free(s);
}

int store_open(const char *path, enum store_mode mode, struct store **ret, char **ret_error)
{
	struct store *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		return r;
	s->mode = mode;
	s->path = strdup(path);
	if (s->path)
		r = open_log(s);
	if (r == 0) {
		*ret = s;
		return 0;
	}
	if (ret_error && s->path)
		*ret_error = describe(s, r);
	free_store(s);
	return r;
}

int store_commit(struct store *s)
{
	int r;

	if (!s->in_transaction)
		return s->failed;
	r = events_finish(s);
	if (r == 0)
		r = db_exec(s, "COMMIT");
	if (r == 0)
		s->in_transaction = false;
	return r;
}

void store_rollback(struct store *s)
{
	if (s->in_transaction)
		db_exec(s, "ROLLBACK");
	s->in_transaction = false;
	s->batched = 0;
	s->block.n = 0;
	s->failed = 0;
}

int store_close(struct store *s)
{
	int r;

	if (!s)
		return 0;
	r = store_commit(s);
	store_rollback(s);
	free_store(s);
	return r;
}

const char *store_error(const struct store *s)
{
	return s->error;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

int store_version(const struct store *s)
{
	return s->version;
}
