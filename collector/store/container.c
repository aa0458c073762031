/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes and reads the table of containers; see container.h. A store belongs
 * to one thread.
 */
#include "container.h"

#include "internal.h"

int store_container(struct store *s, const struct container_info *c)
{
	return db_write(s, &s->stmt.container,
			"INSERT INTO containers (id, name, image, pod, pod_name, pod_namespace, pod_uid, labels) "
			"VALUES (?1, ?2, ?3, CASE WHEN ?4 IS NULL THEN NULL ELSE ifnull(?5 || '/', '') || ?4 END, "
			"?4, ?5, ?6, ?7) ON CONFLICT(id) DO UPDATE SET "
			"name = ifnull(excluded.name, name), image = ifnull(excluded.image, image), "
			"pod = ifnull(excluded.pod, pod), pod_name = ifnull(excluded.pod_name, pod_name), "
			"pod_namespace = ifnull(excluded.pod_namespace, pod_namespace), "
			"pod_uid = ifnull(excluded.pod_uid, pod_uid), labels = ifnull(excluded.labels, labels)",
			ROW(TEXT(c->id), TEXT(c->name), TEXT(c->image), TEXT(c->pod), TEXT(c->namespace),
			    TEXT(c->pod_uid), TEXT(c->labels)));
}

int store_container_read(struct store *s, const char *id, void (*fn)(const struct container_info *c, void *arg),
			 void *arg)
{
	sqlite3_stmt **stmt = &s->stmt.read_container;
	const char *text[7];
	int r;

	if (!id)
		return 0;
	r = db_ready(s, stmt, "SELECT id, name, image, pod_name, pod_namespace, pod_uid, labels "
		     "FROM containers WHERE id = ?");
	if (r == 0)
		r = db_bind(s, *stmt, ROW(TEXT(id)));
	if (r == 0)
		r = db_step(s, *stmt);
	if (r > 0) {
		for (int i = 0; i < 7; i++)
			text[i] = (const char *)sqlite3_column_text(*stmt, i);
		fn(&(struct container_info){ text[0], text[1], text[2], text[3], text[4], text[5], text[6] }, arg);
	}
	sqlite3_reset(*stmt);
	return r < 0 ? r : 0;
}
