/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A string that grows, for SQL conditions and lines of output. Used by
 * analysis/, output/ and cli/. A text belongs to one thread.
 *
 * Out of memory is remembered, not reported at each step: text_take and
 * `failed` tell at the end.
 */
#ifndef SIGSHIM_TEXT_H
#define SIGSHIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *s;	/* NUL-terminated; NULL while empty */
	size_t len, size;
	bool failed;
};

void text_addn(struct text *t, const char *s, size_t n);
void text_add(struct text *t, const char *s);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Decimal, faster than text_addf; the second pads with zeros to `digits`. */
void text_addu(struct text *t, uint64_t n);
void text_addz(struct text *t, uint64_t n, unsigned int digits);
void text_addi(struct text *t, int64_t n);

/* Never NULL. */
const char *text_str(const struct text *t);
/* Forgets the contents and keeps the memory. */
void text_clear(struct text *t);
/* The string becomes the caller's; NULL when memory ran out. The text is empty again. */
char *text_take(struct text *t);
void text_free(struct text *t);

#endif
