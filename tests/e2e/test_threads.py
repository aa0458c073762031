# SPDX-License-Identifier: BSD-2-Clause
"""Completeness: nothing lost unseen, nothing twice, everything in order."""
import harness


class Completeness(harness.TestCase):
    """Threads that call as fast as they can."""

    def threads(self, nthreads, calls, timeout=300, **env):
        env["SIGSHIM_EVENTS"] = "core"
        log, done = self.record([harness.program("threads"), str(nthreads), str(calls)], env=env, timeout=timeout)
        self.assertEqual(done.stdout, f"{nthreads} threads, {calls} calls each\n")
        return log, done

    def check_order(self, log):
        """Consecutive numbers, and with each number the call that the program made."""
        rows = self.sql(log, "SELECT thread, seq, json_extract(args, '$.set[0]'), json_extract(args, '$.how') "
                             "FROM events ORDER BY thread, seq")
        before = (None, 0)
        for thread, seq, name, how in rows:
            self.assertNotEqual((thread, seq), before, "a record is there twice")
            n = (seq - 1) % 30
            self.assertEqual((name, how), ("SIGRTMIN" + (f"+{n}" if n else ""),
                                           "SIG_UNBLOCK" if (seq - 1) & 1 else "SIG_BLOCK"))
            before = (thread, seq)
        return rows

    def check_complete(self, log, nthreads, calls):
        self.check_order(log)
        counts = self.sql(log, "SELECT count(*), min(seq), max(seq), count(DISTINCT seq) FROM event_log GROUP BY thread")
        self.assertEqual(counts, [(calls, 1, calls, calls)] * nthreads)
        self.assertEqual(self.sql(log, "SELECT sum(lost) FROM processes"), [(0,)])
        self.assertEqual(self.sql(log, "SELECT count(*) FROM gaps"), [(0,)])

    def test_blocking_loses_nothing(self):
        log, done = self.threads(4, 100000, SIGSHIM_OVERFLOW="block")
        self.check_complete(log, 4, 100000)
        self.assertIn("400000", self.summary(done).replace(",", ""))

    def test_blocking_loses_nothing_in_packets(self):
        log, _ = self.threads(4, 5000, SIGSHIM_OVERFLOW="block", SIGSHIM_TRANSPORT="socket")
        self.check_complete(log, 4, 5000)

    def check_drop(self, made, log):
        recorded = len(self.check_order(log))
        lost = self.sql(log, "SELECT sum(lost) FROM processes")[0][0]
        self.assertEqual(recorded + lost, made, f"recorded {recorded}, lost {lost}")
        missing = self.sql(log, "SELECT sum(last - n) FROM (SELECT max(seq) AS last, count(*) AS n "
                                "FROM event_log GROUP BY thread)")[0][0]
        self.assertLessEqual(missing, lost)

    def test_dropping_counts_what_it_drops(self):
        log, _ = self.threads(4, 400000, SIGSHIM_OVERFLOW="drop")
        self.check_drop(1600000, log)

    def test_dropping_packets_counts_too(self):
        log, _ = self.threads(4, 50000, SIGSHIM_OVERFLOW="drop", SIGSHIM_TRANSPORT="socket")
        self.check_drop(200000, log)


class Family(harness.TestCase):
    """Children of every kind are recorded as themselves."""

    WHO = "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS".split()

    def check(self, **env):
        log, done = self.record([harness.program("family")], env=env)
        events = [e for e in self.query(log) if e["event"] == "sigprocmask"]
        pids = {e["args"]["set"][0]: e["pid"] for e in events}
        self.assertEqual(sorted(pids), sorted(self.WHO))
        self.assertEqual(len(set(pids.values())), len(self.WHO), pids)
        self.assertEqual(pids["SIGHUP"], int(done.stdout))
        for event in events:
            self.assertEqual(event["pid"], event["tid"])
            self.assertEqual(event["comm"], "family")

    def test_each_child_has_its_own_pid(self):
        self.check()

    def test_each_child_has_its_own_pid_in_packets(self):
        self.check(SIGSHIM_TRANSPORT="socket")


class Sharing(harness.TestCase):
    """Children that have their parent's memory, and so its thread variables."""

    def test_calls_are_told_apart(self):
        calls = 20000
        for transport in ("ring", "socket"):
            log, done = self.record([harness.program("sharing"), str(calls)], log=transport + ".db",
                                    env={"SIGSHIM_OVERFLOW": "block", "SIGSHIM_TRANSPORT": transport})
            *children, parent = map(int, done.stdout.split())
            rows = self.sql(log, "SELECT pid, tid, count(*), min(seq), max(seq), count(DISTINCT seq) FROM events GROUP BY thread")
            self.assertEqual(sorted(rows), sorted([(pid, pid, calls, 1, calls, calls) for pid in children] +
                                                  [(parent, parent, 2 * calls, 1, 2 * calls, 2 * calls)]))


if __name__ == "__main__":
    harness.main()
