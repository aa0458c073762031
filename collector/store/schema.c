/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes an empty database a log, and tells whether a database is one. For
 * this folder alone.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
#include "schema.h"
;

static const char *const stack_ends[SIGSHIM_STACK_END_MAX] = {
	[SIGSHIM_STACK_COMPLETE] = "complete",
	[SIGSHIM_STACK_DEPTH] = "depth limit reached",
	[SIGSHIM_STACK_CALLER_ONLY] = "only the caller was asked for",
	[SIGSHIM_STACK_NO_UNWINDER] = "no unwinder",
	[SIGSHIM_STACK_NO_ROOM] = "no room on the alternate stack",
	[SIGSHIM_STACK_BROKEN] = "could not be walked",
};

/* Names for numbers: NULL where there is none. */
static const char *name_of_signal(int id, char buf[static SIGNAL_NAME_MAX])
{
	return id ? signal_name(id, buf) : NULL;
}

static const char *name_of_errno(int id, char buf[static SIGNAL_NAME_MAX])
{
	return errno_name(id);
}

static const char *name_of_stack_end(int id, char buf[static SIGNAL_NAME_MAX])
{
	return stack_ends[id];
}

static const char *name_of_origin(int id, char buf[static SIGNAL_NAME_MAX])
{
	return origin_name(id);
}

static const struct {
	const char *sql;
	int last;
	const char *(*name)(int id, char buf[static SIGNAL_NAME_MAX]);
} name_tables[] = {
	{ "INSERT OR IGNORE INTO origins VALUES (?, ?)", ORIGIN_END - 1, name_of_origin },
	{ "INSERT OR IGNORE INTO signals VALUES (?, ?)", 64, name_of_signal },
	{ "INSERT OR IGNORE INTO errnos VALUES (?, ?)", EHWPOISON, name_of_errno },
	{ "INSERT OR IGNORE INTO stack_ends VALUES (?, ?)", SIGSHIM_STACK_END_MAX - 1,
	  name_of_stack_end },
};

static int fill_table(struct store *s, unsigned int table)
{
	char buf[SIGNAL_NAME_MAX];
	sqlite3_stmt *stmt = NULL;
	const char *name;
	int r = 0;

	for (int id = 0; id <= name_tables[table].last && r == 0; id++) {
		name = name_tables[table].name(id, buf);
		if (name)
			r = db_write(s, &stmt, name_tables[table].sql, ROW(NUM(id), TEXT(name)));
	}
	sqlite3_finalize(stmt);
	return r;
}

/* In a log that an older program made, this adds the names that it lacked. */
static int fill_names(struct store *s)
{
	sqlite3_stmt *stmt = NULL;
	const struct event_desc *d;
	int r = 0;

	for (int id = 1; id <= SIGSHIM_EV_MAX && r == 0; id++) {
		d = event_by_id(id);
		if (d)
			r = db_write(s, &stmt, "INSERT OR IGNORE INTO event_names VALUES (?, ?, ?)",
				     ROW(NUM(id), TEXT(d->name), TEXT(d->origin)));
	}
	sqlite3_finalize(stmt);
	for (unsigned int i = 0; i < sizeof(name_tables) / sizeof(name_tables[0]) && r == 0; i++)
		r = fill_table(s, i);
	return r;
}

static int is_empty(struct store *s)
{
	int64_t id, tables;
	int r = db_number(s, "PRAGMA application_id", &id);

	if (r == 0)
		r = db_number(s, "SELECT count(*) FROM sqlite_master", &tables);
	return r < 0 ? r : id == 0 && tables == 0;
}

/* Another collector may be making the same log: look again under the lock. */
static int create(struct store *s)
{
	int r = db_exec(s, "PRAGMA journal_mode = WAL");

	if (r == 0)
		r = db_begin(s);
	if (r == 0)
		r = is_empty(s);
	if (r == 1)
		r = db_exec(s, schema);
	return r < 0 ? r : store_commit(s);
}

/* 1 for an older log, 0 for one of today's. */
static int check(struct store *s)
{
	int64_t id, version;
	int r = db_number(s, "PRAGMA application_id", &id);

	if (r == 0)
		r = db_number(s, "PRAGMA user_version", &version);
	if (r < 0)
		return r;
	if (id != LOG_APPLICATION_ID || version < 1)
		return db_refuse(s, -EINVAL, "it is a database, but not a sigshim log");
	if (version > LOG_VERSION)
		return db_refuse(s, -EPROTO, "it has log version %" PRId64
				 " of a newer sigshim; this one knows version %d",
				 version, LOG_VERSION);
	s->version = (int)version;
	if (version < LOG_VERSION && s->mode != STORE_READ)
		return db_refuse(s, -EPROTO, "it has log version %" PRId64 " of an older sigshim, which can "
				 "be read but not written on; record into another file", version);
	return version < LOG_VERSION;
}

/*
 * Some logs of this version were made before there was this table. A reader
 * gets an empty one of its own.
 */
static int add_containers(struct store *s)
{
	static const char create[] = "CREATE TABLE containers (";
	const char *from = strstr(schema, create), *rest = from + strlen("CREATE ");
	int64_t there;
	char *sql;
	int r = db_number(s, "SELECT count(*) FROM sqlite_master WHERE name = 'containers'", &there);

	if (r < 0 || there)
		return r;
	if (asprintf(&sql, "CREATE %s%.*s", s->mode == STORE_READ ? "TEMP " : "", (int)(strstr(rest, ";") - rest),
		     rest) < 0)
		return -ENOMEM;
	r = db_exec(s, sql);
	free(sql);
	return r;
}

/* An older log has no blocks, so all of it is one, and says less of processes. */
static int stand_in(struct store *s)
{
	int r = db_exec(s, "CREATE TEMP VIEW processes AS SELECT *, NULL AS instance, NULL AS birth, "
			"NULL AS ignored_start, NULL AS container FROM main.processes");

	if (r < 0)
		return r;
	return db_exec(s, "CREATE TEMP TABLE event_blocks AS SELECT min(id) AS first, max(id) AS last, "
		       "min(ts_ns) AS min_ts, max(ts_ns) AS max_ts FROM event_log HAVING count(*) > 0");
}

int schema_open(struct store *s, bool make)
{
	int r = is_empty(s);

	if (r == 1 && make)
		r = create(s);
	if (r >= 0)
		r = check(s);
	if (r > 0)
		r = stand_in(s);
	if (r == 0)
		r = add_containers(s);
	if (r == 0 && make)
		r = fill_names(s);
	return r == 0 && make ? store_commit(s) : r;
}
