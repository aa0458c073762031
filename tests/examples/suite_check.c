/* SPDX-License-Identifier: BSD-2-Clause */
/* A suite written with Check that asserts that code leaves signal state as it was. */
#include <sigshim/ck.h>

#include "worker.h"

START_TEST(work_leaves_the_mask_alone)
{
	sigshim_ck_unchanged(SIGSHIM_MASK) {
		worker_work();
	}
}
END_TEST

START_TEST(diving_leaves_the_alternate_stack_alone)
{
	sigshim_ck_unchanged(SIGSHIM_ALL) {
		worker_dive();
	}
}
END_TEST

START_TEST(writing_leaves_dispositions_alone)
{
	struct sigshim_state before;

	sigshim_state_save(&before);
	worker_write();
	sigshim_ck_assert_unchanged(&before, SIGSHIM_ACTIONS);
}
END_TEST

START_TEST(listening_blocks_its_signal_once_and_leaves_no_signalfd)
{
	uint64_t mark = sigshim_mark();

	sigshim_ck_unchanged(SIGSHIM_ALL) {
		worker_listen();
	}
	sigshim_ck_assert_count(mark, "pthread_sigmask", SIGUSR1, 1);
	sigshim_ck_assert_count(mark, "signalfd", SIGUSR1, 1);
	sigshim_ck_assert_count(mark, "sigprocmask", 0, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("worker");
	TCase *t = tcase_create("signal state");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, work_leaves_the_mask_alone);
	tcase_add_test(t, diving_leaves_the_alternate_stack_alone);
	tcase_add_test(t, writing_leaves_dispositions_alone);
	tcase_add_test(t, listening_blocks_its_signal_once_and_leaves_no_signalfd);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
