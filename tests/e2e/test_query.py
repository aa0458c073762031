# SPDX-License-Identifier: BSD-2-Clause
"""Queries: filters, formats, SQL and `blocked`, over logs of known content."""
import csv
import io
import json
import os
import signal
import subprocess
import unittest

import harness


class Queries(harness.TestCase):
    """Over one log of the golden program and one of `family`."""

    @classmethod
    def setUpClass(cls):
        class Fixture(harness.TestCase):
            """Lends its functions to the class."""
        cls.fixture = Fixture()
        cls.fixture.setUp()
        cls.log, _ = cls.fixture.record([harness.program("calls"), cls.fixture.path("expected")])
        cls.fixture.record([harness.program("family")])
        cls.all = cls.fixture.query(cls.log)

    @classmethod
    def tearDownClass(cls):
        cls.fixture.doCleanups()

    def check(self, condition, *filters):
        """The filters choose exactly those events for which condition holds."""
        want = [(e["pid"], e["seq"]) for e in self.all if condition(e)]
        got = [(e["pid"], e["seq"]) for e in self.query(self.log, *filters)]
        self.assertEqual(want, got, filters)
        self.assertTrue(want, f"{filters} chooses nothing: the test proves nothing")

    def test_equal_and_lists_and_not_equal(self):
        self.check(lambda e: e["event"] == "signalfd", "event=signalfd")
        self.check(lambda e: e["event"] in ("signalfd", "sigqueue"), "event=signalfd,sigqueue")
        self.check(lambda e: e["event"] != "signalfd", "event!=signalfd")
        self.check(lambda e: e["errno"] == "EINVAL", "errno=EINVAL")
        self.check(lambda e: e["errno"] is None, "errno=null")
        self.check(lambda e: e["errno"] is not None, "errno!=null")
        self.check(lambda e: e["args"].get("how") == "SIG_UNBLOCK", "how=SIG_UNBLOCK")
        self.check(lambda e: e["comm"] == "family" and e["event"] == "sigprocmask", "comm=family", "event=sigprocmask")
        self.check(lambda e: e["run"] == 2, "run=2")

    def test_numbers_compare(self):
        pid = self.all[0]["pid"]
        self.check(lambda e: e["pid"] == pid, f"pid={pid}")
        self.check(lambda e: e["tid"] > pid, f"tid>{pid}")
        self.check(lambda e: e["ret"] is not None and e["ret"] < 0, "ret<0")
        self.check(lambda e: e["ret"] is not None and e["ret"] >= 3, "ret>=3")

    def test_globs(self):
        self.check(lambda e: e["event"].startswith("rt_"), "event~rt_*")
        self.check(lambda e: e["exe"].endswith("/family"), "exe~*/family")
        self.check(lambda e: (e["caller"] or "").startswith("fd_"), "caller~fd_*")

    def test_functions_and_modules_of_any_frame(self):
        self.check(lambda e: any(f["function"] == "signalfds" for f in e["stack"]), "function=signalfds")
        self.check(lambda e: any(f["module"] == harness.program("family") for f in e["stack"]),
                   "module=" + harness.program("family"))
        self.check(lambda e: e["caller"] == "mask_call", "caller=mask_call")

    def concerns(self, event, name):
        """The definition of signal=: in a set, in the mask's change, or sent."""
        before, after = set(event["mask_before"] or []), set(event["mask_after"] or [])
        args = event["args"]
        known = event["mask_before"] is not None and event["mask_after"] is not None
        return name in (args.get("set") or []) or name in (args.get("mask") or []) or args.get("sig") == name \
            or known and name in before ^ after

    def test_a_signal_in_a_set_a_change_or_sent(self):
        for name in ("SIGUSR1", "SIGRTMIN+3", "SIGHUP", "SIGRTMIN"):
            self.check(lambda e, name=name: self.concerns(e, name), "signal=" + name)
        self.assertEqual(self.query(self.log, "signal=10"), self.query(self.log, "signal=usr1"))

    def test_times(self):
        middle = self.all[50]["time"]
        self.check(lambda e: e["time"] >= middle, "since=" + middle)
        self.assertEqual(len(self.query(self.log, "since=-1h")), len(self.all))
        self.assertEqual(len(self.query(self.log, "until=-1h")), 0)

    def test_limit_and_reverse(self):
        self.assertEqual(self.query(self.log, "--limit=3"), self.all[:3])
        self.assertEqual(self.query(self.log, "--limit=3", "--reverse"), self.all[:-4:-1])
        self.assertEqual(self.query(self.log, "--reverse"), self.all[::-1])

    def test_count_by(self):
        text = self.sigshim("query", "-L", self.log, "--count-by=event", "--format=csv").stdout
        counts = {row[0]: row[1] for row in csv.reader(io.StringIO(text))} if text.startswith("event") else {
            row[1]: row[0] for row in csv.reader(io.StringIO(text))}
        for name in {e["event"] for e in self.all}:
            self.assertEqual(counts[name], str(sum(e["event"] == name for e in self.all)))
        for key in "pid tid comm exe signal how ret errno function module caller run thread".split():
            self.assertTrue(self.sigshim("query", "-L", self.log, "--count-by=" + key).stdout, key)

    def test_csv_and_table(self):
        rows = list(csv.DictReader(io.StringIO(self.sigshim("query", "-L", self.log, "--format=csv").stdout)))
        self.assertEqual([row["event"] for row in rows], [e["event"] for e in self.all])
        self.assertEqual([row["seq"] for row in rows], [str(e["seq"]) for e in self.all])
        table = self.sigshim("query", "-L", self.log, "--stack").stdout
        for word in ("sigaltstack", "SIGUSR1", "mask_call", "main", "EINVAL"):
            self.assertIn(word, table)

    def test_tracee_layouts(self):
        ids0 = {"rt_sigprocmask": "14", "rt_sigqueueinfo": "129", "sigaltstack": "131", "signalfd": "282",
                "signalfd4": "289", "rt_tgsigqueueinfo": "297"}
        for line in self.sigshim("query", "-L", self.log, "--format=tracee-v0").stdout.splitlines():
            event = json.loads(line)
            self.assertEqual(event["eventId"], ids0[event["eventName"]])
            self.assertEqual(event["argsNum"], len(event["args"]))
            self.assertIn(event["args"][0]["name"], ("how", "ss", "fd", "tgid"))
        for line in self.sigshim("query", "-L", self.log, "--format=tracee-v1").stdout.splitlines():
            event = json.loads(line)
            self.assertEqual(event["id"], int(ids0[event["name"]]) + 1)
            self.assertEqual(event["data"][-1]["name"], "returnValue")

    def test_sql_reads_and_never_writes(self):
        done = self.sigshim("query", "-L", self.log, "--sql", "SELECT count(*) AS n FROM events")
        self.assertIn(str(len(self.all)), done.stdout)
        before = os.stat(self.log).st_size
        for statement in ("DELETE FROM events", "DROP TABLE runs", "PRAGMA user_version = 9", "SELECT 1; DELETE FROM runs",
                          "ATTACH '/tmp/x.db' AS x", "SELEC"):
            self.assertNotEqual(self.sigshim("query", "-L", self.log, "--sql", statement, status=None).returncode, 0, statement)
        self.assertEqual(os.stat(self.log).st_size, before)
        self.assertEqual(self.query(self.log), self.all)

    @harness.need("sqlite3")
    def test_the_sqlite3_shell_reads_the_view(self):
        done = self.plain(["sqlite3", "-readonly", self.log, "SELECT event, mask_after FROM events WHERE comm = 'family' "
                                                             "AND event = 'sigprocmask' ORDER BY ts_ns LIMIT 1"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^sigprocmask\|.*SIGHUP")

    def test_blocked_tells_the_call_that_blocked_each(self):
        text = self.sigshim("blocked", "-L", self.log, "SIGQUIT").stdout
        self.assertIn("SIGQUIT", text)
        self.assertIn("forked", text)
        pid = next(e["pid"] for e in self.all if e["comm"] == "family" and e["args"].get("set") == ["SIGQUIT"])
        text = self.sigshim("blocked", "-L", self.log, f"pid={pid}").stdout
        self.assertIn("SIGQUIT", text)
        self.assertNotIn("SIGBUS", text)
        self.assertEqual(self.sigshim("blocked", "-L", self.log, "SIGNONE", status=2).stdout, "")


class Live(harness.TestCase):
    """While a collector writes."""

    def start_pulse(self, socket):
        pulse = subprocess.Popen([harness.program("pulse")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 env=self.preloaded(socket), cwd=self.dir, text=True)
        self.addCleanup(pulse.stdout.close)
        self.addCleanup(self.stop, pulse)
        self.addCleanup(pulse.stdin.close)
        pulse.stdout.readline()
        return pulse

    def test_follow_shows_events_as_they_come_and_ends_on_ctrl_c(self):
        _, socket = self.collector()
        pulse = self.start_pulse(socket)
        follow = subprocess.Popen([harness.SIGSHIM, "query", "-L", self.path("collected.db"), "--follow", "--format=jsonl"],
                                  stdout=subprocess.PIPE, env=self.environment(), cwd=self.dir, text=True)
        self.addCleanup(follow.stdout.close)
        self.addCleanup(self.stop, follow)
        for n in (1, 5):
            pulse.stdin.write(f"{n}\n")
            pulse.stdin.flush()
            for _ in range(n):
                self.assertEqual(json.loads(follow.stdout.readline())["event"], "sigprocmask")
        self.assertIn(self.stop(follow, signal.SIGINT), (0, -signal.SIGINT, 128 + signal.SIGINT))

    def test_blocked_agrees_with_the_kernel_about_a_living_process(self):
        _, socket = self.collector()
        pulse = self.start_pulse(socket)
        pulse.stdin.write("1\n")
        pulse.stdin.flush()
        pulse.stdout.readline()
        log = self.path("collected.db")
        self.wait_for(lambda: self.sql(log, "SELECT count(*) FROM event_log") == [(1,)], "the record")
        done = self.sigshim("blocked", "-L", log, "--live", pulse.pid)
        self.assertIn("SIGWINCH", done.stdout)
        self.assertIn("main", done.stdout)


@unittest.skipIf(harness.SANITIZED, "too slow with sanitizers")
class Million(harness.TestCase):
    """A log of 1,000,000 events answers every query."""

    def test_a_million_events(self):
        log, _ = self.record([harness.program("threads"), "4", "250000"], "--events=core", "--overflow=block", timeout=300)
        self.assertEqual(self.sql(log, "SELECT count(*) FROM event_log"), [(1000000,)])
        event = self.query(log, "--limit=1")[0]
        at = self.query(log, "--limit=1", "--reverse")[0]
        for filters, count in ((("event=pthread_sigmask",), 100), ((f"pid={event['pid']}",), 100),
                               ((f"tid={at['tid']}",), 100), (("signal=SIGRTMIN+7",), 100),
                               (("since=" + at["time"],), 1), (("event=sigqueue",), 0), (("function=work",), 100)):
            got = len(self.query(log, *filters, "--limit=100"))
            self.assertGreaterEqual(got, min(count, 1), filters)
            self.assertEqual(got if count != 1 else 1, count, filters)
        text = self.sigshim("query", "-L", log, "--count-by=tid", "--format=csv").stdout
        self.assertEqual(text.count("250000"), 4)


if __name__ == "__main__":
    harness.main()
