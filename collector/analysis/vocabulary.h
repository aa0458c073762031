/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closed sets of words that filters take: events, signals, errors and so
 * on. Part of the filters. Pure: MT-safe.
 */
#ifndef SIGSHIM_VOCABULARY_H
#define SIGSHIM_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>

struct vocabulary {
	const char *what;	/* "signal", for messages */
	/* The i-th word, NULL for a hole; buf is for names that are made. False past the end. */
	bool (*at)(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value);
	/* Other spellings of one word; may be NULL. */
	bool (*parse)(const char *text, int64_t *ret_value);
};

extern const struct vocabulary vocabulary_event, vocabulary_origin, vocabulary_signal,
	vocabulary_errno, vocabulary_how;

/*
 * Calls fn for the value of each word that is `text`, or that it matches as a
 * glob. Returns how many; when none, *ret_error says so and lists the words.
 */
int vocabulary_match(const struct vocabulary *v, const char *text, bool glob,
		     void (*fn)(int64_t value, void *arg), void *arg, char **ret_error);

/* "unknown WHAT 'text'; did you mean 'x'? WHATs: a, b, c"; to be freed. */
char *unknown_word(const char *what, const char *text, const char *const *names);

#endif
