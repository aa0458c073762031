/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many events have which value of a key: the answer to --count-by. SQL
 * groups by a number that is cheap to get; what that number stands for (the
 * signals of a set, the functions of a stack) is counted here. cli/ uses it.
 */
#ifndef SIGSHIM_COUNT_H
#define SIGSHIM_COUNT_H

#include <stdint.h>

#include "../store/store.h"

struct count_key;

extern const char *const count_keys[];	/* NULL-terminated */
/* NULL if unknown. */
const struct count_key *count_key(const char *name);
/* Whether its values are integers. */
bool count_is_number(const struct count_key *key);

/*
 * Calls fn for each value of the key among the events that q chooses, most
 * frequent first; NULL stands for none. An event with several values (signals,
 * functions, modules) counts for each. fn returns 0 to go on.
 */
int count_by(struct store *s, const struct event_query *q, const struct count_key *key,
	     int (*fn)(const char *value, int64_t count, void *arg), void *arg);

#endif
