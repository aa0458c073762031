/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes certificates and findings; see certificate.h. A store belongs to one
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
			"effect, ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(f->run), ID(f->process), ID(f->thread), ID(f->seq), NUM(f->ts_ns), TEXT(f->kind),
			    TEXT(f->what), TEXT(f->record), TEXT(f->entry), TEXT(f->effect), ID(f->ip)));
}
