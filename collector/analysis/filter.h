/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The query language: `key=value[,value]`, `key!=value`, `key~glob` and
 * comparisons, each turned into an SQL condition with bound values; nothing
 * that a person types becomes part of the SQL text. cli/ uses it. A filter
 * belongs to one thread.
 */
#ifndef SIGSHIM_FILTER_H
#define SIGSHIM_FILTER_H

#include <stdint.h>

#include "../store/store.h"

struct filter;

/* now_ns: CLOCK_REALTIME, for times like -5m. */
int filter_new(int64_t now_ns, struct filter **ret);
void filter_free(struct filter *f);

/*
 * Adds a condition; all must hold. -EINVAL when it is not understood:
 * *ret_error (free it) then says why, with the valid words and the nearest.
 */
int filter_add(struct filter *f, const char *expression, char **ret_error);

/* Sets q->where, its values and q->from and q->to, which live as long as f stays as it is. */
void filter_query(const struct filter *f, struct event_query *q);

#endif
