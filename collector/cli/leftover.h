/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Journals that killed collectors left beside a log: what commands do about
 * them. main-only.
 */
#ifndef SIGSHIM_LEFTOVER_H
#define SIGSHIM_LEFTOVER_H

struct store;

/* Brings them into the log, with progress on long work. 0 or -errno. */
int leftover_finish(struct store *s);
/* The same for a log that is about to be read; says so when that is not possible. */
void leftover_look(const char *log);

#endif
