/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of `sigshim doctor`, each printing a line or two. For cmd_doctor.
 * main-only.
 */
#ifndef SIGSHIM_DOCTOR_H
#define SIGSHIM_DOCTOR_H

#include <stdbool.h>

enum doctor_result { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

/* "ok    what: ..."; the colour on a terminal. */
void doctor_say(enum doctor_result result, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What to do about it, indented. */
void doctor_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* doctor_record.c: what recording needs. True if it would work. */
bool doctor_library(void);
void doctor_preload(void);
void doctor_unwinder(void);
void doctor_socket(void);
void doctor_log(void);
void doctor_processes(void);

/* doctor_system.c: what the system offers. */
void doctor_bpf(void);
void doctor_verifier(void);
void doctor_debug_info(void);
void doctor_stack_size(void);

#endif
