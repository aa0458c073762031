/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From ticks of the machine's counter, with which shims stamp their records,
 * to CLOCK_MONOTONIC. Both are read together at every turn of the loop; in
 * between they run straight. Used by ingest/. main-only.
 */
#ifndef SIGSHIM_TICKS_H
#define SIGSHIM_TICKS_H

#include <stdbool.h>
#include <stdint.h>

#define TICKS_SAMPLES 64

struct ticks_sample {
	uint64_t ticks, ns;
};

struct ticks {
	uint8_t clock;		/* enum sigshim_clock: the one that the kernel's clock is made of */
	unsigned int n;		/* samples so far; the newest are kept */
	struct ticks_sample at[TICKS_SAMPLES];
};

/* Finds out which counter the kernel uses, if it is one that programs can read. */
void ticks_open(struct ticks *t);
/* Reads both clocks. Without a counter, ticks are 0. */
struct ticks_sample ticks_now(struct ticks *t);
/* Ticks of so many ns; 0 as long as that is not known. */
uint64_t ticks_of(const struct ticks *t, uint64_t ns);
/* The time of a tick, in ns. */
uint64_t ticks_ns(const struct ticks *t, uint64_t ticks);

#endif
