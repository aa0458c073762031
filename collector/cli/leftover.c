/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What killed collectors left; see leftover.h. main-only.
 */
#include "leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../journal/journal.h"
#include "cli.h"
#include "progress.h"

static int tick(uint64_t done, uint64_t total, void *arg)
{
	struct progress *p = arg;

	p->count = (int64_t)(done >> 20);
	return progress_tick(p);
}

int leftover_finish(struct store *s)
{
	struct progress progress;
	int r;

	progress_begin(&progress, "finishing what a killed collector left", "MB");
	r = journal_finish_all(s, tick, &progress);
	progress_end(&progress);
	return r < 0 ? r : 0;
}

struct found {
	uint64_t dead;		/* bytes */
	char path[4096];
};

static int look(const struct journal_leftover *l, void *arg)
{
	struct found *found = arg;

	if (l->alive)
		return 0;
	found->dead += l->bytes;
	strcpy(found->path, l->path);
	return 0;
}

void leftover_look(const char *log)
{
	struct found found = { 0 };
	struct store *s = NULL;
	char *error = NULL;
	int r;

	journal_leftovers(log, look, &found);
	if (!found.dead)
		return;
	r = store_open(log, STORE_UPDATE, &s, &error);
	if (r == 0)
		r = leftover_finish(s);
	if (r < 0)
		cli_error("a killed collector left records in %s, which can't be brought into the log: %s; "
			  "they are not in this answer", found.path,
			  s && *store_error(s) ? store_error(s) : error ? error : strerror(-r));
	free(error);
	store_close(s);
}
