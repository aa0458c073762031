/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who made a call, by the innermost frame of its stack; and the print of a
 * stack, which is the same in every log of the same program. Callers are kept,
 * a bounded number of them. For this folder alone.
 */
#ifndef SIGSHIM_PLACES_H
#define SIGSHIM_PLACES_H

#include "judge.h"

struct places;
struct places *places_new(struct store *s);
void places_free(struct places *p);

struct place places_caller(struct places *p, const struct process *process, int64_t stack);

/* Goes on with the print h by a text, or by the functions of a call's stack. */
uint64_t places_text(uint64_t h, const char *text);
uint64_t places_print(struct places *p, uint64_t h, const struct hygiene_call *call);

#endif
