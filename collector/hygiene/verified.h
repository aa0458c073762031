/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier said of a log, as far as rules want it. For this folder
 * alone. Belongs to one thread.
 */
#ifndef SIGSHIM_VERIFIED_H
#define SIGSHIM_VERIFIED_H

#include "judge.h"

/* A record whose argument was not what the kernel acted on. */
struct race {
	int64_t thread;
	uint64_t seq;
	char *what, *record, *effect;	/* never NULL */
};

struct verified;
int verified_read(struct store *s, int64_t run, struct verified **ret);
void verified_free(struct verified *v);
/* NULL: none is known of that record. */
const struct race *verified_race(const struct verified *v, int64_t thread, uint64_t seq);
/* Doubts unless every run that is judged has a certificate that says yes. */
int verified_demand(struct store *s, int64_t run, struct judge *j);

#endif
