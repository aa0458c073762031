/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two clocks side by side; see ticks.h. Records that lie between two samples
 * are placed between them, so changes of the kernel's clock by NTP matter only
 * within one turn of the loop. main-only.
 */
#include "ticks.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sigshim/wire.h>

#define SPACING_NS 10000000u	/* between samples that are kept */
#define SHORTEST_NS 100000u	/* between two that tell the frequency */
#define TRIES 3

#if defined(__x86_64__)
#define COUNTER SIGSHIM_CLOCK_TSC
#define COUNTER_NAME "tsc\n"
static uint64_t read_counter(void)
{
	return __builtin_ia32_rdtsc();
}
#else
#define COUNTER SIGSHIM_CLOCK_CNTVCT
#define COUNTER_NAME "arch_sys_counter\n"
static uint64_t read_counter(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
#endif

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void ticks_open(struct ticks *t)
{
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	char name[64] = "";

	*t = (struct ticks){ .clock = SIGSHIM_CLOCK_NONE };
	if (f && fgets(name, sizeof(name), f) && strcmp(name, COUNTER_NAME) == 0)
		t->clock = COUNTER;
	if (f)
		fclose(f);
	ticks_now(t);
}

/* Both clocks at one moment: of a few tries the one that was interrupted least. */
static struct ticks_sample read_both(void)
{
	struct ticks_sample best = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = read_counter(), ns = monotonic(), took = read_counter() - before;

		if (took >= least)
			continue;
		least = took;
		best = (struct ticks_sample){ before + took / 2, ns };
	}
	return best;
}

static const struct ticks_sample *sample(const struct ticks *t, unsigned int i)
{
	return &t->at[i % TICKS_SAMPLES];
}

struct ticks_sample ticks_now(struct ticks *t)
{
	struct ticks_sample now;

	if (t->clock == SIGSHIM_CLOCK_NONE)
		return (struct ticks_sample){ 0, monotonic() };
	now = read_both();
	/* The newest is replaced until it is far enough from the one before. */
	if (t->n < 2 || sample(t, t->n - 1)->ns - sample(t, t->n - 2)->ns >= SPACING_NS)
		t->n++;
	t->at[(t->n - 1) % TICKS_SAMPLES] = now;
	return now;
}

/* ns a tick between two samples. */
static double slope(const struct ticks_sample *a, const struct ticks_sample *b)
{
	return (double)(b->ns - a->ns) / (double)(b->ticks - a->ticks);
}

uint64_t ticks_of(const struct ticks *t, uint64_t ns)
{
	const struct ticks_sample *first = sample(t, t->n > TICKS_SAMPLES ? t->n - TICKS_SAMPLES : 0);
	const struct ticks_sample *last = sample(t, t->n - 1);

	if (t->n < 2 || last->ns - first->ns < SHORTEST_NS || last->ticks <= first->ticks)
		return 0;
	return (uint64_t)((double)ns / slope(first, last));
}

uint64_t ticks_ns(const struct ticks *t, uint64_t ticks)
{
	unsigned int oldest = t->n > TICKS_SAMPLES ? t->n - TICKS_SAMPLES : 0, i = t->n - 1;
	const struct ticks_sample *a, *b;

	if (t->n < 2)
		return 0;
	/* Almost always between the last two. */
	while (i > oldest + 1 && ticks < sample(t, i - 1)->ticks)
		i--;
	a = sample(t, i - 1);
	b = sample(t, i);
	if (b->ticks <= a->ticks)
		return b->ns;
	return b->ns + (uint64_t)(int64_t)((double)(int64_t)(ticks - b->ticks) * slope(a, b));
}
