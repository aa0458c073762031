/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes and reads certificates and findings; see certificate.h. A store belongs to one
 * thread.
 */
#include "certificate.h"

#include "internal.h"

const char *const certificate_counts[COUNT_END] = {
	"kernel", "wrapped", "shim", "libc_internal", "syscall", "inline", "unshimmed", "lost", "unselected",
	"records", "unmatched", "mismatched",
};

int store_certificate(struct store *s, const struct certificate *c)
{
	struct bind_value row[6 + COUNT_END] = {
		NUM(c->run), ID(c->process), ID(c->thread), ID(c->tid), TEXT(c->complete), TEXT(c->why),
	};

	for (int i = 0; i < COUNT_END; i++)
		row[6 + i] = (struct bind_value)NUM(c->count[i]);
	return db_write(s, &s->stmt.certificate,
			"INSERT INTO certificates (run, process, thread, tid, complete, why, kernel, wrapped, "
			"shim, libc_internal, syscall, inline, unshimmed, lost, unselected, records, unmatched, "
			"mismatched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			row, sizeof(row) / sizeof(row[0]));
}

int store_finding(struct store *s, const struct finding_info *f)
{
	return db_write(s, &s->stmt.finding,
			"INSERT INTO findings (run, process, thread, seq, ts_ns, kind, what, record, entry, "
			"effect, ip, stack, writer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(f->run), ID(f->process), ID(f->thread), ID(f->seq), NUM(f->ts_ns), TEXT(f->kind),
			    TEXT(f->what), TEXT(f->record), TEXT(f->entry), TEXT(f->effect), ID(f->ip),
			    ID(f->stack), ID(f->writer)));
}

static const char *text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

int store_certificates(struct store *s, int (*fn)(const struct certificate *c, void *arg), void *arg)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "SELECT run, complete, why FROM certificates "
			 "WHERE process IS NULL AND thread IS NULL AND tid IS NULL ORDER BY run");

	while (r == 0 && (r = db_step(s, stmt)) == 1) {
		const struct certificate c = {
			.run = sqlite3_column_int64(stmt, 0), .complete = text(stmt, 1), .why = text(stmt, 2),
		};

		r = fn(&c, arg);
	}
	sqlite3_finalize(stmt);
	return r;
}

int store_findings(struct store *s, int (*fn)(const struct finding_info *f, void *arg), void *arg)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "SELECT run, ifnull(process, 0), ifnull(thread, 0), ifnull(seq, 0), ts_ns, "
			 "kind, what, record, entry, effect FROM findings ORDER BY thread, seq");

	while (r == 0 && (r = db_step(s, stmt)) == 1) {
		const struct finding_info f = {
			.run = sqlite3_column_int64(stmt, 0), .process = sqlite3_column_int64(stmt, 1),
			.thread = sqlite3_column_int64(stmt, 2), .seq = (uint64_t)sqlite3_column_int64(stmt, 3),
			.ts_ns = (uint64_t)sqlite3_column_int64(stmt, 4), .kind = text(stmt, 5),
			.what = text(stmt, 6), .record = text(stmt, 7), .entry = text(stmt, 8),
			.effect = text(stmt, 9),
		};

		r = fn(&f, arg);
	}
	sqlite3_finalize(stmt);
	return r;
}
