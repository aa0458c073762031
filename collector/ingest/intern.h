/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids by content: a bounded hash table from bytes to a number, which spares
 * writing the same row again. It may forget everything at any time; that costs
 * a duplicate row. Used by ingest/ alone; one thread.
 */
#ifndef SIGSHIM_INTERN_H
#define SIGSHIM_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern;

/* NULL without memory. */
struct intern *intern_new(void);
void intern_free(struct intern *t);
/* 0 when it is not there. */
int64_t intern_find(const struct intern *t, const void *key, size_t size);
/* Remembers a key that is not there yet; without memory it doesn't. */
void intern_add(struct intern *t, const void *key, size_t size, int64_t id);

#endif
