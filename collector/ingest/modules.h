/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where one process has which module: sorted, disjoint address ranges. Used
 * by a session. Not thread-safe.
 */
#ifndef SIGSHIM_MODULES_H
#define SIGSHIM_MODULES_H

#include "map.h"

#define MODULES_MAX 65536

struct mapped {
	uint64_t start, end, bias;
	int64_t module;		/* in the log */
	bool shim;		/* libsigshim.so: its frames are not the program's */
};
struct modules {
	struct mapped *list;
	size_t n, size;
};

/* Adds a range; what it overlaps is gone from the process, and from here. */
int modules_add(struct modules *m, struct budget *b, const struct mapped *add);
/* The range that holds this return address; NULL if none does. */
const struct mapped *modules_find(const struct modules *m, uint64_t pc);
/* `to` is empty. */
int modules_copy(struct modules *to, struct budget *b, const struct modules *from);
void modules_free(struct modules *m, struct budget *b);

#endif
