/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names the frames of a log that its collector left without: it was killed,
 * or had no time. Commands that read call it. main-only.
 */
#ifndef SIGSHIM_NAMING_H
#define SIGSHIM_NAMING_H

#include <stdint.h>

#include "../store/store.h"
#include "../symbols/symbols.h"

/*
 * Looks up every frame that has no name yet and commits as it goes; write
 * transactions stay short. `progress` (may be NULL) gets how many are done and
 * how many there were; non-zero stops with -EINTR. Returns how many it did.
 */
int64_t naming_run(struct store *s, struct symbolizer *symbolizer,
		   int (*progress)(int64_t done, int64_t total, void *arg), void *arg);

#endif
