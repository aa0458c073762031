/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of the query language and the SQL that each stands for. Part of
 * the filters: filter.c splits an expression into a condition, this turns it
 * into SQL over the aliases of struct event_query. A builder belongs to one
 * thread.
 */
#ifndef SIGSHIM_CONDITION_H
#define SIGSHIM_CONDITION_H

#include <stdint.h>

#include "../store/store.h"
#include "text.h"

enum op { OP_EQ, OP_NE, OP_GLOB, OP_LT, OP_LE, OP_GT, OP_GE, OP_MAX };
extern const char *const op_names[OP_MAX];

struct condition_key;
extern const char *const condition_keys[];	/* NULL-terminated */
/* NULL if unknown. */
const struct condition_key *condition_key(const char *name);

/* SQL text and the values bound to its `?`, in order. */
struct builder {
	int64_t now_ns;
	struct text sql;
	struct text from, to;	/* SQL of the least and the greatest ts_ns that can match; empty: any */
	struct bind_value *values;
	unsigned int nvalues;
	bool failed;		/* out of memory */
};

/*
 * Appends the condition `key op any of values`. -EINVAL with *ret_error when
 * the operator or a value is not valid for the key.
 */
int condition_add(struct builder *b, const struct condition_key *key, enum op op,
		  char *const *values, unsigned int n, char **ret_error);

#endif
