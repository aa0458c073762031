/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <sigshim/sigshim.h> for test suites written with Check: failures are Check's,
 * with the text that tells what changed and who did it.
 */
#ifndef SIGSHIM_CK_H
#define SIGSHIM_CK_H

#include <check.h>

#include "sigshim.h"

#define SIGSHIM_CK_FAIL_(text) ck_abort_msg("%s", text)

/* The test's name: Check's functions have _fn behind it. Valid until this thread asks again. */
static inline const char *sigshim_ck_name_(const char *function)
{
	static __thread char name[128];
	size_t n = strlen(function);

	if (n > 3 && strcmp(function + n - 3, "_fn") == 0)
		n -= 3;
	n = n < sizeof(name) ? n : sizeof(name) - 1;
	memcpy(name, function, n);
	name[n] = '\0';
	return name;
}

/* sigshim_ck_scope() { ... }: a scope with the test's name; see SIGSHIM_SCOPE. */
#define sigshim_ck_scope() SIGSHIM_SCOPE(sigshim_ck_name_(__func__))

/* sigshim_ck_unchanged(SIGSHIM_ALL) { ... }: such a scope, and see SIGSHIM_UNCHANGED. */
#define sigshim_ck_unchanged(what) SIGSHIM_UNCHANGED(what, SIGSHIM_CK_FAIL_) sigshim_ck_scope()

/* What of `what` isn't as it was when `state` was saved fails the test. */
#define sigshim_ck_assert_unchanged(state, what) \
	do { \
		char sigshim_t_[4096]; \
		if (sigshim_state_explain((state), (what), sigshim_t_, sizeof(sigshim_t_))) \
			ck_abort_msg("%s", sigshim_t_); \
	} while (0)

/* `n` recorded calls since the mark are that event, about that signal; without records it holds. */
#define sigshim_ck_assert_count(mark, event, signo, n) \
	do { \
		if (sigshim_recording()) \
			ck_assert_int_eq(sigshim_count((mark), (event), (signo)), (n)); \
	} while (0)

#endif
