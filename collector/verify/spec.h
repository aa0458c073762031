/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event table as the program in the kernel needs it: which numbers to
 * watch, and how to copy what each argument points to; and the way back, from
 * its record to an event. For the files of verify/. MT-safe.
 */
#ifndef SIGSHIM_SPEC_H
#define SIGSHIM_SPEC_H

#include "../store/event.h"
#include "tracer.h"

/* Fills the specifications, native numbers first, and for each number whether either is wanted. */
void spec_fill(struct trace_spec specs[static 2 * TRACE_NUMBERS], u8 wanted[static TRACE_NUMBERS]);
const struct trace_spec *spec_at(unsigned int number, bool compat);
/* What the call left beside the mask, of its specification's kind; NULL if that is not known. */
const void *spec_effect(const struct trace_call *call);

/* The row for a call made by its number, syscall(2)'s; NULL for rt_sigreturn. */
const struct event_desc *spec_event(unsigned int row);
const struct syscall_desc *spec_row(unsigned int row);

/* Room for what an event points to. */
struct spec_copies {
	unsigned char bytes[SIGSHIM_MAX_ARGS][SIGSHIM_COPY_SIGINFO];
};
/* What the kernel saw, as an event; ret->copy points into *room. False for rt_sigreturn. */
bool spec_decode(const struct trace_call *call, struct spec_copies *room, struct event *ret);

#endif
