/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the main of every unit test ends with. A header because a unit test is
 * one file.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>

/* Far beyond what any test takes on a busy machine: it ends those that hang. */
#define UNIT_TIMEOUT 300

/* Runs the tests of a case, and gives the process's exit status. */
static inline int run_case(const char *name, TCase *t)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(t, UNIT_TIMEOUT);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
