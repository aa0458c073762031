# SPDX-License-Identifier: BSD-2-Clause
"""The journal beside a log: bursts go there, and who is killed leaves it to
the next one."""
import glob
import os
import resource
import signal
import subprocess

import harness

THREADS, CALLS = 4, 100000


class Burst(harness.TestCase):
    """More than the log takes at once."""

    def totals(self, log):
        """(recorded, told as lost, distinct numbers)"""
        recorded, distinct = self.sql(log, "SELECT count(*), count(DISTINCT thread << 32 | seq) FROM event_log")[0]
        lost = self.sql(log, "SELECT ifnull(sum(count), 0) FROM gaps")[0][0]
        return recorded, lost, distinct

    def burst(self, overflow):
        log, done = self.record([harness.program("threads"), str(THREADS), str(CALLS)], "--overflow=" + overflow, "--events=core",
                                timeout=300)
        self.assertEqual(glob.glob(log + "-events.*"), [])
        self.assertEqual(self.sql(log, "SELECT count(*) FROM journals"), [(0,)])
        return self.totals(log), done

    def test_a_burst_that_blocks_is_recorded_whole(self):
        (recorded, lost, distinct), done = self.burst("block")
        self.assertEqual((recorded, lost, distinct), (THREADS * CALLS, 0, THREADS * CALLS), self.summary(done))

    def test_a_burst_that_drops_is_counted_exactly(self):
        (recorded, lost, distinct), done = self.burst("drop")
        self.assertEqual(recorded + lost, THREADS * CALLS, self.summary(done))
        self.assertEqual(recorded, distinct)

    def test_a_thousand_threads_that_are_blocked_sleep(self):
        calls = [os.path.join(harness.BUILD, "bench", "calls"), "--threads=1000", "--bursts=1", "--burst=200", "--warmup=0"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
        log, done = self.record(calls, "--overflow=block", "--ring-size=64K", "--events=core", timeout=300)
        self.assertEqual(self.totals(log), (200000, 0, 200000), self.summary(done))
        # When all of them look for room all the time, 20 for each call and more.
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw - before, 5 * 200000)

    def test_a_log_has_at_most_60_bytes_an_event(self):
        log, _ = self.record([harness.program("threads"), "4", "50000"], "--overflow=block", "--events=core", timeout=300)
        self.assertEqual(self.sql(log, "SELECT count(*) FROM event_log"), [(200000,)])
        self.assertLessEqual(os.path.getsize(log), 60 * 200000)


class Killed(harness.TestCase):
    """A collector that is killed in the middle of a burst."""

    def killed_collector(self):
        """Its log has something, its journal has more."""
        collector, socket = self.collector()
        log = self.path("collected.db")
        program = subprocess.Popen([harness.program("threads"), "2", "2000000"], stdout=subprocess.DEVNULL,
                                   env=self.preloaded(socket, SIGSHIM_EVENTS="core"), cwd=self.dir)
        self.addCleanup(program.kill)
        self.wait_for(lambda: sum(map(os.path.getsize, glob.glob(log + "-events.*"))) > 1 << 20, "a burst")
        self.stop(collector, signal.SIGKILL)
        program.kill()
        program.wait()
        self.assertEqual(len(glob.glob(log + "-events.*")), 1)
        return log

    def check_whole(self, log):
        """Every thread's numbers are there without a break but for those that a gap names."""
        for first, last, n, distinct, lost in self.sql(log, """
                SELECT min(seq), max(seq), count(*), count(DISTINCT seq),
                    (SELECT ifnull(sum(count), 0) FROM gaps g WHERE g.thread = e.thread)
                FROM event_log e GROUP BY thread"""):
            self.assertEqual(n, distinct)
            self.assertLessEqual(n + lost, last - first + 1)
        self.assertEqual(glob.glob(log + "-events.*"), [])

    def test_query_finishes_what_was_left(self):
        log = self.killed_collector()
        before = self.sql(log, "SELECT count(*) FROM event_log")[0][0]
        done = self.sigshim("query", "-L", log, "--count-by", "event", timeout=300)
        after = self.sql(log, "SELECT count(*) FROM event_log")[0][0]
        self.assertGreater(after, before)
        self.assertIn(str(after), done.stdout.replace(",", ""))
        self.check_whole(log)

    def test_the_next_collector_finishes_what_was_left(self):
        log = self.killed_collector()
        before = self.sql(log, "SELECT count(*) FROM event_log")[0][0]
        second, _ = self.collector()
        self.assertEqual(self.stop(second), 0)
        self.assertGreater(self.sql(log, "SELECT count(*) FROM event_log")[0][0], before)
        self.check_whole(log)
        self.assertEqual(self.sql(log, "SELECT clean FROM runs ORDER BY id"), [(0,), (1,)])

    def test_a_reader_who_may_not_write_says_what_is_missing(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to become a user without permission")
        log = self.killed_collector()
        os.chmod(self.dir, 0o755)
        for file in glob.glob(log + "*"):
            os.chmod(file, 0o644)
        done = self.sigshim("query", "-L", log, "-n", "1", user=65534, group=65534, extra_groups=[])
        self.assertIn("left records in", done.stderr)
        self.assertEqual(len(glob.glob(log + "-events.*")), 1)

    def test_a_living_collectors_journal_is_left_alone(self):
        _, socket = self.collector()
        log = self.path("collected.db")
        self.plain([harness.program("chain")], env=self.preloaded(socket))
        self.sigshim("query", "-L", log)
        self.assertEqual(len(glob.glob(log + "-events.*")), 1)


class Continued(harness.TestCase):
    """A program that lives longer than its collector."""

    def run_through(self, calls, between, **settings):
        """Pulses, of which `between` while there is no collector; (made, rows of the log)."""
        first, socket = self.collector()
        log = self.path("collected.db")
        pulse = subprocess.Popen([harness.program("pulse")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 env=self.preloaded(socket, **settings), cwd=self.dir, text=True)
        self.addCleanup(pulse.kill)
        self.assertEqual(pulse.stdout.readline(), "ready\n")
        made = 0

        def call(n):
            nonlocal made
            pulse.stdin.write(f"{n}\n")
            pulse.stdin.flush()
            made += n
            self.assertEqual(pulse.stdout.readline(), f"{made}\n")

        call(calls)
        self.wait_for(lambda: self.sql(log, "SELECT count(*) > 0 FROM event_log") == [(1,)], "the first records")
        self.stop(first, signal.SIGKILL)
        call(between)
        second, _ = self.collector()

        def reconnected():
            call(1)
            return self.sql(log, "SELECT count(*) FROM processes WHERE run = 2") == [(1,)]
        self.wait_for(reconnected, "the program to find the new collector")
        call(calls)
        pulse.communicate()
        self.assertEqual(self.stop(second), 0)
        rows = self.sql(log, "SELECT seq, count(*) FROM events GROUP BY seq")
        self.assertEqual([row for row in rows if row[1] > 1], [])
        return made, len(rows), self.sql(log, "SELECT ifnull(sum(count), 0) FROM gaps")[0][0]

    def test_nothing_is_lost_that_the_ring_had_room_for(self):
        made, recorded, lost = self.run_through(3000, 3000)
        self.assertEqual((recorded, lost), (made, 0))
        self.assertEqual(self.sql(self.path("collected.db"), "SELECT sum(count) FROM refusals"), [(None,)])

    def test_what_the_ring_had_no_room_for_is_counted(self):
        made, recorded, lost = self.run_through(1000, 100000)
        self.assertGreater(lost, 0)
        self.assertEqual(recorded + lost, made)

    def test_a_blocking_program_goes_on_and_is_counted(self):
        made, recorded, lost = self.run_through(1000, 100000, SIGSHIM_OVERFLOW="block")
        self.assertEqual(recorded + lost, made)

    def test_stacks_go_on_with_their_names(self):
        self.run_through(100, 100)
        callers = self.sql(self.path("collected.db"), "SELECT run, count(DISTINCT caller), count(*) - count(caller) "
                                                      "FROM events GROUP BY run ORDER BY run")
        self.assertEqual([row[1:] for row in callers], [(1, 0), (1, 0)])


class Ordinary(harness.TestCase):
    """What a collector does when there is no rush."""

    def test_what_happened_can_be_queried_while_the_program_runs(self):
        _, socket = self.collector()
        pulse = subprocess.Popen([harness.program("pulse")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 env=self.preloaded(socket), cwd=self.dir, text=True)
        self.addCleanup(pulse.communicate)
        self.assertEqual(pulse.stdout.readline(), "ready\n")
        pulse.stdin.write("100\n")
        pulse.stdin.flush()
        pulse.stdout.readline()
        self.wait_for(lambda: self.sql(self.path("collected.db"), "SELECT count(*) FROM event_log") == [(100,)],
                      "100 events in the log")

    def test_two_collectors_may_write_one_log(self):
        first, one = self.collector(socket="one.sock")
        second, two = self.collector(socket="two.sock")
        for socket in (one, two, one, two):
            self.plain([harness.program("chain")], env=self.preloaded(socket))
        log = self.path("collected.db")
        for process in (first, second):
            self.assertEqual(self.stop(process), 0)
        self.assertEqual(self.sql(log, "SELECT count(*), count(DISTINCT run) FROM processes"), [(4, 2)])
        counts = self.sql(log, "SELECT count(*) FROM events GROUP BY process")
        self.assertEqual(len(set(counts)), 1)
        self.assertEqual(self.sql(log, "SELECT count(*) FROM gaps"), [(0,)])


if __name__ == "__main__":
    harness.main()
