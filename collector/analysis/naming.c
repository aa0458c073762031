/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Naming of frames; see naming.h.
 */
#include "naming.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH 64

/* What is not found stays nameless, as module+offset. */
static void look_up(struct symbolizer *symbolizer, const struct frame_todo *todo, struct symbol_set *ret)
{
	*ret = (struct symbol_set){};
	if (todo->path && symbols_lookup(symbolizer, todo->path, todo->build_id ? todo->build_id : "",
					 todo->offset, todo->exact, ret) < 0)
		*ret = (struct symbol_set){};
}

static int write_names(struct store *s, int64_t frame, const struct symbol_set *set)
{
	struct symbol_info info[SYMBOLS_MAX_LEVELS];

	for (unsigned int i = 0; i < set->n; i++)
		info[i] = (struct symbol_info){
			.function = set->level[i].function,
			.function_offset = set->level[i].function_offset,
			.file = set->level[i].file,
			.line = set->level[i].line,
			.inlined = set->level[i].inlined,
		};
	return store_frame_named(s, frame, info, set->n, set->signal);
}

/* Looks all up before it writes, so that the log is not locked meanwhile. */
static int name_batch(struct store *s, struct symbolizer *symbolizer, struct symbol_set *sets)
{
	struct frame_todo todo[BATCH];
	int n = store_frames_todo(s, 0, todo, BATCH), r = 0;

	for (int i = 0; i < n; i++)
		look_up(symbolizer, &todo[i], &sets[i]);
	for (int i = 0; i < n && r >= 0; i++)
		r = write_names(s, todo[i].frame, &sets[i]);
	if (n > 0 && r >= 0)
		r = store_commit(s);
	for (int i = 0; i < n; i++)
		symbols_free_set(&sets[i]);
	return r < 0 ? r : n;
}

int64_t naming_run(struct store *s, struct symbolizer *symbolizer,
		   int (*progress)(int64_t done, int64_t total, void *arg), void *arg)
{
	int64_t total = store_frames_todo_count(s), done = 0;
	struct symbol_set *sets = calloc(BATCH, sizeof(*sets));
	int n = sets ? total < 0 ? (int)total : 1 : -ENOMEM;

	while (n > 0) {
		n = name_batch(s, symbolizer, sets);
		done += n > 0 ? n : 0;
		if (n > 0 && progress && progress(done, total, arg) != 0)
			n = -EINTR;
	}
	free(sets);
	return n < 0 ? n : done;
}
