# SPDX-License-Identifier: BSD-2-Clause
"""Forked children: short-lived ones, which begin in their parent's ring, and
those that outgrow it."""
import os
import signal
import subprocess
import unittest

import harness

PROGRAM = harness.program("children")


class Children(harness.TestCase):
    """Every child is in the log, as itself, with all that it did."""

    def check_sound(self, log):
        self.assertEqual(self.sql(log, "SELECT * FROM gaps"), [])
        self.assertEqual(self.sql(log, "SELECT * FROM refusals"), [])
        self.assertEqual(self.sql(log, "SELECT pid FROM processes WHERE host_pid != pid OR started_ns > ended_ns"), [])

    def calls_of(self, log):
        """How many mask changes each process made, by its parent's row; the root's is None."""
        return self.sql(log, "SELECT p.parent, count(*) FROM processes p JOIN threads t ON t.process = p.id "
                             "JOIN events e ON e.thread = t.id WHERE e.event = 'sigprocmask' GROUP BY p.id ORDER BY p.id")

    def check_tree(self, log):
        self.check_sound(log)
        self.assertEqual(self.sql(log, "SELECT end, count(*) FROM processes GROUP BY end"), [("exit", 2021)])
        self.assertEqual(self.sql(log, "SELECT count(*) FROM processes c LEFT JOIN processes p ON p.id = c.parent "
                                       "WHERE c.ppid = p.pid"), [(2020,)])
        self.assertEqual(self.sql(log, "SELECT parent IS NULL, count(*) FROM (SELECT c.parent, count(*) n FROM processes c "
                                       "WHERE parent IS NOT NULL GROUP BY 1 HAVING n IN (20, 100))"), [(0, 21)])
        self.assertEqual(self.sql(log, "SELECT DISTINCT comm, exe, uid FROM processes"),
                         [("children", os.path.realpath(PROGRAM), os.getuid())])
        self.assertEqual(self.sql(log, "SELECT n, count(*) FROM (SELECT count(*) n FROM events WHERE event = 'sigprocmask' "
                                       "GROUP BY thread) GROUP BY n"), [(1, 2021)])

    def test_a_tree_of_two_thousand(self):
        for events in ("core", "all"):
            with self.subTest(events=events):
                log, _ = self.record([PROGRAM, "tree", "20", "100"], "--events=" + events, timeout=300, log=events + ".db")
                self.check_tree(log)

    def test_a_tree_in_packets(self):
        log, _ = self.record([PROGRAM, "tree", "5", "5"], "--transport=socket", "--events=core", timeout=300)
        self.assertEqual(self.sql(log, "SELECT end, count(*) FROM processes GROUP BY end"), [("exit", 31)])
        self.assertEqual(self.sql(log, "SELECT count(*) FROM events"), [(31,)])

    def test_their_stacks_have_names(self):
        log, _ = self.record([PROGRAM, "tree", "3", "0"], "--events=core")
        stacks = [[frame.get("function") for frame in event["stack"]] for event in self.query(log)]
        self.assertEqual(len(stacks), 4)
        for stack in stacks[1:]:
            self.assertEqual(stack[:3], ["call", "tree", "main"])

    def test_killed_right_after_their_first_call(self):
        log, _ = self.record([PROGRAM, "killed", "200"])
        self.check_sound(log)
        self.assertEqual(self.sql(log, "SELECT end, count(*) FROM processes GROUP BY end"), [("exit", 1), ("killed", 200)])
        self.assertEqual(self.calls_of(log), [(None, 1)] + [(1, 1)] * 200)

    def test_those_that_live_on_lose_nothing(self):
        for count, pause in (("1000", "0"), ("40", "5000")):
            with self.subTest(calls=count):
                log, _ = self.record([PROGRAM, "calls", "8", count, pause], "--overflow=block", log=count + ".db")
                self.check_sound(log)
                self.assertEqual(self.sql(log, "SELECT end, count(*) FROM processes GROUP BY end"), [("exit", 9)])
                self.assertEqual(self.calls_of(log), [(None, 1)] + [(1, int(count))] * 8)

    def test_one_whose_parent_has_ended(self):
        for pause in ("0", "300", "20000"):
            with self.subTest(pause=pause):
                log, _ = self.record([PROGRAM, "daemon", "50", pause], log=pause + ".db")
                self.assertEqual(self.sql(log, "SELECT * FROM refusals"), [])
                self.assertEqual(self.sql(log, "SELECT * FROM gaps"), [])
                self.assertEqual(self.sql(log, "SELECT end, count(*) FROM processes GROUP BY end"), [("exit", 2)])
                self.assertEqual(self.calls_of(log), [(None, 1), (1, 50)])

    def test_an_executed_program_is_its_child(self):
        log, _ = self.record([PROGRAM, "exec", PROGRAM, "tree", "1", "0"])
        self.check_sound(log)
        self.assertEqual(self.sql(log, "SELECT id, parent, end FROM processes ORDER BY id"),
                         [(1, None, "exit"), (2, 1, "exec"), (3, 2, "exit"), (4, 3, "exit")])

    def test_one_that_makes_no_call_is_its_childs_parent(self):
        log, _ = self.record([PROGRAM, "quiet"], "--events=core")
        self.check_sound(log)
        self.assertEqual(self.sql(log, "SELECT id, parent, birth, end FROM processes ORDER BY id"),
                         [(1, None, "start", "exit"), (2, 1, "fork", "exit"), (3, 2, "fork", "exit")])
        self.assertEqual(self.calls_of(log), [(None, 1), (2, 1)])

    def test_one_whose_first_call_another_makes_on_its_memory(self):
        for transport in ("ring", "socket"):
            with self.subTest(transport=transport):
                log, _ = self.record([PROGRAM, "guest"], "--events=core", "--transport=" + transport, log=transport + ".db")
                self.check_sound(log)
                self.assertEqual(self.sql(log, "SELECT c.birth, c.ppid = p.pid FROM processes c JOIN processes p "
                                               "ON p.id = c.parent ORDER BY c.birth"), [("fork", 1), ("vfork", 1)])
                self.assertEqual(self.sql(log, "SELECT p.birth, e.tid = p.pid FROM events e JOIN threads t ON t.id = e.thread "
                                               "JOIN processes p ON p.id = t.process ORDER BY 1"),
                                 [("fork", 1), ("start", 1), ("vfork", 1)])

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_another_user_is_asked_of_the_kernel(self):
        log, _ = self.record([PROGRAM, "user"])
        self.check_sound(log)
        self.assertEqual(self.sql(log, "SELECT parent, uid FROM processes"), [(None, 0), (1, 65534)])

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_another_pid_namespace_is_asked_of_the_kernel(self):
        log, _ = self.record([PROGRAM, "pidns"])
        self.assertEqual(self.sql(log, "SELECT * FROM refusals"), [])
        rows = self.sql(log, "SELECT parent, pid, host_pid, end FROM processes")
        self.assertEqual([row[:2] for row in rows], [(None, rows[0][2]), (1, 1)])
        self.assertGreater(rows[1][2], 1)


class Trouble(harness.TestCase):
    """A collector that does not answer."""

    def stopped(self, children, calls, **env):
        """Counts of events, of gaps' calls, of lost calls and of refusals."""
        process, path = self.collector("--ring-size=64K")
        log = self.path("collected.db")
        subprocess.run([PROGRAM, "stop", str(process.pid), str(children), str(calls)], check=True, cwd=self.dir,
                       env=self.preloaded(path, SIGSHIM_EVENTS="core", **env), timeout=harness.HUNG * harness.SLOW)
        os.kill(process.pid, signal.SIGCONT)
        self.stop(process)
        return [self.sql(log, statement)[0][0] or 0 for statement in
                ("SELECT count(*) FROM events", "SELECT sum(count) FROM gaps WHERE count > 0",
                 "SELECT sum(lost) FROM processes", "SELECT count(*) FROM refusals")]

    def test_a_stopped_collector_holds_no_child_up(self):
        self.assertEqual(self.stopped(40, 2), [81, 0, 0, 0])

    def test_what_its_full_ring_costs_adds_up(self):
        events, missing, lost, refused = self.stopped(100, 50)
        self.assertGreater(missing, 0)
        self.assertEqual((events + missing, lost, refused), (5001, missing, 0))


if __name__ == "__main__":
    harness.main()
