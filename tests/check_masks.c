/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mask model: what is blocked in the end, and what is blamed for it.
 */
#include <pthread.h>
#include <time.h>

#include "analysis/live.h"
#include "analysis/masks.h"
#include "small_log.h"

static struct small_log log_;

static void make_log(void)
{
	log_ = small_log_begin();
}

static void remove_log(void)
{
	small_log_end(&log_);
}

static struct masks *masks_at(uint64_t ns)
{
	const struct masks_query q = { .run = log_.run, .at_ns = ns };
	struct masks *m;

	ck_assert_int_eq(masks_read(log_.store, &q, &m), 0);
	return m;
}

static struct masks *masks_of_log(void)
{
	small_log_read(&log_);
	return masks_at(UINT64_MAX);
}

static const struct mask_cause *cause_of(const struct mask_thread *t, int signo)
{
	ck_assert(t->mask & BIT(signo));
	return &t->cause[signo - 1];
}

START_TEST(the_call_that_blocked_a_signal_is_blamed)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10), t = small_log_thread(&log_, p, 1, 1, 1);
	struct masks *m;

	small_log_mask(&log_, t, "sigprocmask", 1, 100, 0, BIT(SIGTERM), 0);
	small_log_mask(&log_, t, "sigprocmask", 2, 200, BIT(SIGTERM), 0, 0);
	small_log_mask(&log_, t, "sigprocmask", 3, 300, 0, BIT(SIGTERM), 0);
	small_log_mask(&log_, t, "sigprocmask", 4, 400, BIT(SIGTERM), BIT(SIGTERM) | BIT(SIGINT), 0);
	m = masks_of_log();
	ck_assert_uint_eq(m->nthreads, 1);
	ck_assert_uint_eq(m->threads[0].mask, BIT(SIGTERM) | BIT(SIGINT));
	ck_assert_int_eq(cause_of(&m->threads[0], SIGTERM)->kind, MASK_CALL);
	ck_assert_int_eq(cause_of(&m->threads[0], SIGTERM)->event, 3);
	ck_assert_int_eq(cause_of(&m->threads[0], SIGINT)->event, 4);
	masks_free(m);
	m = masks_at(150);
	ck_assert_int_eq(cause_of(&m->threads[0], SIGTERM)->event, 1);
	masks_free(m);
	m = masks_at(250);
	ck_assert_uint_eq(m->threads[0].mask, 0);
	masks_free(m);
}
END_TEST

START_TEST(a_change_that_no_record_tells_is_said_to_be_so)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10), t = small_log_thread(&log_, p, 1, 1, 1);
	const struct mask_cause *cause;
	struct masks *m;

	small_log_mask(&log_, t, "sigprocmask", 3, 100, BIT(SIGHUP), BIT(SIGHUP), 0);
	small_log_mask(&log_, t, "sigprocmask", 5, 200, BIT(SIGHUP) | BIT(SIGINT), BIT(SIGHUP) | BIT(SIGINT), 0);
	m = masks_of_log();
	cause = cause_of(&m->threads[0], SIGINT);
	ck_assert(cause->kind == MASK_UNRECORDED && cause->after_seq == 3 && cause->before_seq == 5);
	cause = cause_of(&m->threads[0], SIGHUP);
	ck_assert(cause->kind == MASK_UNRECORDED && cause->after_seq == 0 && cause->before_seq == 3);
	masks_free(m);
}
END_TEST

START_TEST(an_inherited_signal_is_traced_to_the_first_ancestor)
{
	int64_t a = small_log_process(&log_, "a", 1, 1, 0, BIT(SIGHUP), 10);
	int64_t ta = small_log_thread(&log_, a, 1, 1, 1), b, c, tc;
	struct masks *m;

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, BIT(SIGHUP), BIT(SIGHUP) | BIT(SIGTERM), 0);
	b = small_log_process(&log_, "b", 2, 2, a, BIT(SIGHUP) | BIT(SIGTERM), 150);
	small_log_mask(&log_, ta, "sigprocmask", 2, 200, BIT(SIGHUP) | BIT(SIGTERM), 0, 0);
	c = small_log_process(&log_, "c", 3, 3, b, BIT(SIGHUP) | BIT(SIGTERM), 250);
	tc = small_log_thread(&log_, c, 1, 3, 3);
	small_log_mask(&log_, tc, "sigprocmask", 1, 300, BIT(SIGHUP) | BIT(SIGTERM),
		       BIT(SIGHUP) | BIT(SIGTERM) | BIT(SIGINT), 0);
	m = masks_of_log();
	ck_assert_uint_eq(m->nthreads, 3);
	for (unsigned int i = 0; i < m->nthreads; i++) {
		const struct mask_thread *t = &m->threads[i];

		if (t->process->pid == 1)
			continue;
		ck_assert_int_eq(cause_of(t, SIGTERM)->kind, MASK_INHERITED);
		ck_assert_int_eq(cause_of(t, SIGTERM)->event, 1);
		ck_assert_int_eq(cause_of(t, SIGTERM)->process, a);
		ck_assert_int_eq(cause_of(t, SIGHUP)->kind, MASK_START);
	}
	masks_free(m);
}
END_TEST

START_TEST(a_new_thread_has_its_mask_from_its_process)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10);
	int64_t t1 = small_log_thread(&log_, p, 1, 1, 1), t2 = small_log_thread(&log_, p, 2, 2, 2);
	struct masks *m;

	small_log_mask(&log_, t1, "pthread_sigmask", 1, 100, 0, BIT(SIGUSR1), 0);
	small_log_mask(&log_, t2, "pthread_sigmask", 1, 200, BIT(SIGUSR1), BIT(SIGUSR1), 0);
	m = masks_of_log();
	ck_assert_int_eq(cause_of(&m->threads[1], SIGUSR1)->kind, MASK_INHERITED);
	ck_assert_int_eq(cause_of(&m->threads[1], SIGUSR1)->event, 1);
	masks_free(m);
}
END_TEST

START_TEST(a_thread_is_blamed_on_its_creator_also_when_that_has_unblocked_it)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10);
	int64_t t1 = small_log_thread(&log_, p, 1, 1, 1), t2 = small_log_thread(&log_, p, 2, 2, 2);
	int64_t t3 = small_log_thread(&log_, p, 3, 3, 3), t4 = small_log_thread(&log_, p, 4, 4, 4);
	const struct mask_cause *cause;
	struct masks *m;

	small_log_mask(&log_, t1, "pthread_sigmask", 1, 100, 0, BIT(SIGUSR1), 0);
	small_log_start(&log_, t2, 110, 1, BIT(SIGUSR1));
	small_log_mask(&log_, t2, "pthread_sigmask", 2, 120, BIT(SIGUSR1), BIT(SIGUSR1) | BIT(SIGINT), 0);
	small_log_mask(&log_, t1, "pthread_sigmask", 2, 130, BIT(SIGUSR1), 0, 0);
	small_log_start(&log_, t3, 140, 1, BIT(SIGUSR1));
	small_log_start(&log_, t4, 150, 2, BIT(SIGUSR1) | BIT(SIGINT));
	m = masks_of_log();
	cause = cause_of(&m->threads[2], SIGUSR1);
	ck_assert(cause->kind == MASK_INHERITED && cause->event == 1);
	cause = cause_of(&m->threads[3], SIGINT);
	ck_assert(cause->kind == MASK_INHERITED && cause->event == 3 && cause->tid == 2);
	ck_assert_uint_eq(m->threads[0].mask, 0);
	masks_free(m);
}
END_TEST

START_TEST(what_no_creator_blocked_came_of_the_attributes)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10);
	int64_t t1 = small_log_thread(&log_, p, 1, 1, 1), t2 = small_log_thread(&log_, p, 2, 2, 2);
	int64_t t3 = small_log_thread(&log_, p, 3, 3, 3);
	const struct mask_cause *cause;
	struct masks *m;

	small_log_mask(&log_, t1, "pthread_sigmask", 1, 90, 0, BIT(SIGUSR1), 0);
	small_log_start(&log_, t2, 100, 1, BIT(SIGHUP));
	small_log_other(&log_, t1, SIGSHIM_EV_pthread_attr_setsigmask_np, 2, 110, BIT(SIGUSR1));
	small_log_start(&log_, t3, 120, 1, BIT(SIGHUP));
	m = masks_of_log();
	cause = cause_of(&m->threads[1], SIGHUP);
	ck_assert(cause->kind == MASK_UNRECORDED && cause->before_seq == 1);
	cause = cause_of(&m->threads[2], SIGHUP);
	ck_assert(cause->kind == MASK_INHERITED && cause->event == 3);
	masks_free(m);
}
END_TEST

START_TEST(a_thread_that_ended_is_known_to_have_ended)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10);
	int64_t t1 = small_log_thread(&log_, p, 1, 1, 1), t2 = small_log_thread(&log_, p, 2, 2, 2);
	struct masks *m;

	small_log_mask(&log_, t1, "pthread_sigmask", 1, 100, 0, 0, 0);
	small_log_start(&log_, t2, 110, 1, 0);
	small_log_other(&log_, t2, SIGSHIM_EV_thread_end, 2, 200, BIT(SIGHUP));
	m = masks_of_log();
	ck_assert(!m->threads[0].ended && m->threads[1].ended && m->threads[1].known);
	ck_assert_uint_eq(cause_of(&m->threads[1], SIGHUP)->after_seq, 1);
	masks_free(m);
	m = masks_at(150);
	ck_assert(!m->threads[1].ended);
	masks_free(m);
}
END_TEST

START_TEST(an_exec_hands_the_mask_on_and_its_old_image_is_replaced)
{
	int64_t a = small_log_process(&log_, "sh", 1, 1, 0, 0, 10), t = small_log_thread(&log_, a, 1, 1, 1);
	struct masks *m;

	small_log_mask(&log_, t, "sigprocmask", 1, 100, 0, BIT(SIGTERM), 0);
	small_log_process(&log_, "app", 1, 1, a, BIT(SIGTERM), 150);
	m = masks_of_log();
	ck_assert(m->processes[0].replaced && !m->processes[1].replaced);
	ck_assert_int_eq(m->threads[1].process->id, m->processes[1].id);
	ck_assert_int_eq(cause_of(&m->threads[1], SIGTERM)->event, 1);
	masks_free(m);
}
END_TEST

START_TEST(lost_records_leave_a_doubt_until_a_later_one)
{
	int64_t p = small_log_process(&log_, "app", 1, 1, 0, 0, 10);
	int64_t t1 = small_log_thread(&log_, p, 1, 1, 1), t2 = small_log_thread(&log_, p, 2, 2, 2);
	struct gap_info gap = {
		.run = log_.run, .process = p, .ts_ns = 150, .count = 3, .reason = "the ring was full"
	};
	struct masks *m;

	small_log_mask(&log_, t1, "pthread_sigmask", 1, 100, 0, BIT(SIGUSR1), 0);
	small_log_mask(&log_, t2, "pthread_sigmask", 1, 110, 0, 0, 0);
	gap.thread = t1;
	gap.first_seq = 2;
	gap.last_seq = 3;
	ck_assert_int_eq(store_gap(log_.store, &gap), 0);
	gap.thread = t2;
	gap.last_seq = 2;
	ck_assert_int_eq(store_gap(log_.store, &gap), 0);
	small_log_mask(&log_, t2, "pthread_sigmask", 3, 200, 0, 0, 0);
	m = masks_of_log();
	ck_assert(m->threads[0].uncertain && !m->threads[1].uncertain);
	ck_assert_str_eq(m->threads[0].gap, "the ring was full");
	masks_free(m);
}
END_TEST

static void *wait_twice(void *arg)
{
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	return NULL;
}

START_TEST(the_masks_of_a_running_process_are_read)
{
	pthread_barrier_t gate;
	struct live_thread *threads;
	pthread_t thread;
	sigset_t set;
	int n;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_barrier_init(&gate, NULL, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_twice, &gate), 0);
	pthread_barrier_wait(&gate);	/* until it runs, libc has everything blocked in it */
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	n = live_threads(getpid(), &threads);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(threads[0].host_tid, getpid());
	ck_assert(threads[0].mask & BIT(SIGUSR2));
	ck_assert(!(threads[1].mask & BIT(SIGUSR2)));
	free(threads);
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
	ck_assert_int_lt(live_threads(0x3fffffff, &threads), 0);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("masks");

	tcase_add_checked_fixture(t, make_log, remove_log);
	tcase_add_test(t, the_call_that_blocked_a_signal_is_blamed);
	tcase_add_test(t, a_change_that_no_record_tells_is_said_to_be_so);
	tcase_add_test(t, an_inherited_signal_is_traced_to_the_first_ancestor);
	tcase_add_test(t, a_new_thread_has_its_mask_from_its_process);
	tcase_add_test(t, a_thread_is_blamed_on_its_creator_also_when_that_has_unblocked_it);
	tcase_add_test(t, what_no_creator_blocked_came_of_the_attributes);
	tcase_add_test(t, a_thread_that_ended_is_known_to_have_ended);
	tcase_add_test(t, an_exec_hands_the_mask_on_and_its_old_image_is_replaced);
	tcase_add_test(t, lost_records_leave_a_doubt_until_a_later_one);
	tcase_add_test(t, the_masks_of_a_running_process_are_read);
	return run_case("masks", t);
}
