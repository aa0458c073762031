/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of this folder: keeps the modules that were asked for last open.
 * See symbols.h for who may call it. One thread at a time.
 */
#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DEFAULT_MODULES 256
#define MAX_WEIGHT (1ull << 30)	/* of all that are open but for the last */

struct symbolizer {
	bool debuginfod;
	unsigned int max, n;
	struct module *module[];	/* the one used last comes first */
};

int symbols_open(const struct symbols_options *opt, struct symbolizer **ret)
{
	unsigned int max = opt && opt->max_modules ? opt->max_modules : DEFAULT_MODULES;
	struct symbolizer *s = calloc(1, sizeof(*s) + max * sizeof(s->module[0]));

	if (!s)
		return -ENOMEM;
	s->debuginfod = opt && opt->debuginfod;
	s->max = max;
	*ret = s;
	return 0;
}

/* Closes the least used modules, down to `keep`. */
static void shrink(struct symbolizer *s, unsigned int keep)
{
	while (s->n > keep)
		module_close(s->module[--s->n]);
}

void symbols_close(struct symbolizer *s)
{
	if (!s)
		return;
	shrink(s, 0);
	free(s);
}

/* Takes a module out of the list; NULL if it isn't there, or no longer right. */
static struct module *take_open(struct symbolizer *s, const char *file, const char *path, const char *build_id)
{
	for (unsigned int i = 0; i < s->n; i++) {
		struct module *m = s->module[i];

		if (strcmp(m->path, path) != 0 || strcmp(m->build_id, build_id) != 0)
			continue;
		memmove(&s->module[i], &s->module[i + 1], (--s->n - i) * sizeof(m));
		if (!module_is_stale(m, file))
			return m;
		module_close(m);
		return NULL;
	}
	return NULL;
}

/* Closes the least used ones until the rest is no burden. */
static void lighten(struct symbolizer *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		sum += module_weight(s->module[i]);
		if (i > 0 && sum > MAX_WEIGHT)
			shrink(s, i);
	}
}

static int get_module(struct symbolizer *s, const char *file, const char *path, const char *build_id,
		      struct module **ret)
{
	struct module *m = take_open(s, file, path, build_id);
	int r = 0;

	if (!m) {
		shrink(s, s->max - 1);
		r = module_open(file, path, build_id, s->debuginfod, &m);
		/* Descriptors are for the collector's peers first. */
		if (r == -EMFILE || r == -ENFILE) {
			shrink(s, s->n / 2);
			r = module_open(file, path, build_id, s->debuginfod, &m);
		}
	}
	if (r < 0)
		return r;
	memmove(&s->module[1], &s->module[0], s->n++ * sizeof(m));
	s->module[0] = m;
	lighten(s);
	*ret = m;
	return 0;
}

int symbols_lookup(struct symbolizer *s, const char *path, const char *build_id,
		   uint64_t offset, bool exact, struct symbol_set *ret)
{
	return symbols_lookup_at(s, path, path, build_id, offset, exact, ret);
}

int symbols_lookup_at(struct symbolizer *s, const char *file, const char *path, const char *build_id,
		      uint64_t offset, bool exact, struct symbol_set *ret)
{
	struct module *m;
	int r;

	/* "[vdso]", and what was relative to another process's folder. */
	if (*path != '/')
		return -ENOENT;
	r = get_module(s, file, path, build_id, &m);
	if (r < 0)
		return r;
	*ret = (struct symbol_set){};
	module_lookup(m, offset, exact, ret);
	return 0;
}

void symbols_free_set(struct symbol_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		free(set->level[i].function);
		free(set->level[i].file);
	}
	*set = (struct symbol_set){};
}
