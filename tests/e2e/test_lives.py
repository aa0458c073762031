# SPDX-License-Identifier: BSD-2-Clause
"""Beginnings and ends: of threads in great numbers, and of a daemon's
processes, with all events."""
import json
import os

import harness


class Threads(harness.TestCase):
    """Every thread starts and ends once, with the mask that it had."""

    def check(self, threads, at_once):
        log, done = self.record([harness.program("lives"), str(threads), str(at_once)], "--overflow=block", timeout=300)
        self.assertEqual(done.stdout, f"{threads} threads\n")
        rows = self.sql(log, "SELECT c.event, count(*), count(DISTINCT json_extract(c.args, '$.number')), "
                             "min(json_extract(c.args, '$.number')), max(json_extract(c.args, '$.number')) "
                             "FROM event_log e JOIN calls c ON c.id = e.call GROUP BY 1")
        ids = {name: number for number, name, _ in harness.table()}
        counts = {row[0]: row[1:] for row in rows}
        for name in ("pthread_create", "thread_start", "thread_end"):
            self.assertEqual(counts[ids[name]], (threads, threads, 1, threads), name)
        self.assertEqual(counts[ids["pthread_exit"]][0], threads // 4)
        self.assertEqual(self.sql(log, "SELECT count(*) FROM threads"), [(threads + 1,)])
        self.assertEqual(self.sql(log, "SELECT sum(lost), (SELECT count(*) FROM gaps) FROM processes"), [(0, 0)])
        return log, ids

    def check_masks(self, log, ids, at_once):
        """Of each start and its creation, by their common number."""
        wrong = self.sql(log, f"""
            WITH c AS (SELECT event, mask_before AS mask, args FROM calls)
            SELECT count(*) FROM c AS start JOIN c AS made
                ON json_extract(made.args, '$.number') = json_extract(start.args, '$.number')
            WHERE start.event = {ids["thread_start"]} AND made.event = {ids["pthread_create"]} AND
                (start.mask != made.mask OR
                 start.mask != ((json_extract(start.args, '$.number') - 1) / {at_once} % 2) * 512)""")
        self.assertEqual(wrong, [(0,)])

    def test_one_after_the_other(self):
        self.check(100000, 1)

    def test_many_at_a_time(self):
        self.check(50000, 500)

    def test_in_packets(self):
        log = self.path("packets.db")
        done = self.sigshim("run", "-o", log, "--overflow=block", "--transport=socket", "--", harness.program("lives"),
                            "1000", "10")
        self.assertEqual(done.stdout, "1000 threads\n")
        counts = self.sql(log, "SELECT event, count(*) FROM events WHERE event LIKE 'thread_%' GROUP BY 1 ORDER BY 1")
        self.assertEqual(counts, [("thread_end", 1000), ("thread_start", 1000)])

    def test_each_has_its_creators_mask_and_blocked_says_whose_call_it_was(self):
        log, ids = self.check(1000, 10)
        self.sql(log, "CREATE INDEX numbers ON calls(json_extract(args, '$.number'))")
        self.check_masks(log, ids, 10)
        done = self.sigshim("blocked", "-L", log, "SIGUSR1", "--format=jsonl")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        threads = [row for row in rows if row["tid"] != row["pid"] and row["blocked"]]
        self.assertEqual(len(threads), 500)
        self.assertEqual({(row["cause"], row["event"], row["by_tid"]) for row in threads},
                         {("inherited", "pthread_sigmask", threads[0]["pid"])})

    def test_a_list_without_starts_leaves_threads_alone(self):
        log, done = self.record([harness.program("lives"), "100", "10"], "--events=pthread_create,pthread_exit")
        self.assertEqual(done.stdout, "100 threads\n")
        self.assertEqual(self.sql(log, "SELECT count(*) FROM threads"), [(26,)])


class Daemon(harness.TestCase):
    """Two forks, a thread, a vfork child, an exec and an exit handler: each call once, by whom it was made."""

    def check(self, **env):
        collector, socket = self.collector()
        out = self.path("pid")
        done = self.plain([harness.program("daemon"), out], env=self.preloaded(socket, SIGSHIM_OVERFLOW="block", **env))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.wait_for(lambda: os.path.exists(out) and os.path.getsize(out), "the daemon's pid")
        with open(out, encoding="ascii") as file:
            daemon = int(file.read())
        log = self.path("collected.db")
        ended = f"SELECT count(*) FROM processes WHERE pid = {daemon} AND end IN ('exit', 'killed')"
        self.wait_for(lambda: self.sql(log, ended) == [(1,)], "the daemon's end")
        self.assertEqual(self.stop(collector), 0)
        events = self.query(log)
        by_pid = {}
        for event in events:
            by_pid.setdefault(event["pid"], []).append((event["event"], (event["args"] or {}).get("set")))
        forks = [e["ret"] for e in events if e["event"] == "fork"]
        self.assertEqual(forks[1], daemon)
        self.assertEqual(by_pid.pop(daemon), [
            ("sigprocmask", ["SIGHUP"]), ("pthread_create", None), ("thread_start", None),
            ("sigprocmask", ["SIGHUP"]), ("thread_end", None), ("execv", None), ("exit", None), ("sigprocmask", ["SIGUSR2"])])
        self.assertEqual(by_pid.pop(forks[0]), [("fork", None), ("_exit", None)])
        self.assertEqual(sorted(by_pid.values()), [[("fork", None)], [("sigprocmask", ["SIGTERM"]), ("_exit", None)]])
        self.assertEqual(self.sql(log, "SELECT sum(lost), (SELECT count(*) FROM gaps) FROM processes"), [(0, 0)])
        # Each image continues the one before, and each process is its maker's child.
        self.assertEqual(self.sql(log, "SELECT p.birth, c.birth, c.end FROM processes c LEFT JOIN processes p ON p.id = c.parent "
                                       "ORDER BY 2, 1, 3"),
                         [("fork", "exec", "exit"), ("fork", "fork", "exec"), ("start", "fork", "exit"),
                          (None, "start", "exit"), ("fork", "vfork", "vfork")])

    def test_in_the_ring(self):
        self.check()

    def test_in_packets(self):
        self.check(SIGSHIM_TRANSPORT="socket")


if __name__ == "__main__":
    harness.main()
