# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark measures what it says: the program's stacks are those that it
is checked against, the runner gives sane results, and targets are computed.
Nothing here depends on how fast anything is."""
import json
import os
import sys

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "bench"))
os.environ["BUILD"] = harness.BUILD
# pylint: disable=wrong-import-position
import measure      # noqa: E402
import report       # noqa: E402
import stacks       # noqa: E402
import targets      # noqa: E402
import ways         # noqa: E402
from measure import Case    # noqa: E402


class Bench(harness.TestCase):
    """Few calls, no pauses to speak of."""

    def recorded(self, way="memo", **how):
        """The result of the program and what sigshim's log says about it."""
        case = Case("test", **{"bursts": 2, "burst": 40, "warmup": 1, "pause_us": 100, **how})
        return measure.run_once(ways.all_ways()[way], case, examine=True)

    def test_the_known_stacks_are_those_recorded(self):
        for how in ({}, {"depth": 50}, {"depth": 20, "stacks": "64"}, {"stacks": "new"}, {"depth": 50, "stacks": "new"},
                    {"threads": 3, "stacks": "new"}, {"threads": 2, "depth": 50, "stacks": "4096"},
                    {"call": "sigaltstack"}, {"call": "signalfd", "stacks": "new"}, {"call": "sigqueue"},
                    {"cold": True, "burst": 10}):
            with self.subTest(how):
                result, facts = self.recorded(**how)
                self.assertEqual(result["failed"], 0)
                self.assertEqual((facts.events, facts.lost, facts.stack), (result["made"], 0, "right"))

    def test_a_stack_has_exactly_the_depth_that_is_named(self):
        for depth, threads in ((10, 1), (50, 1), (10, 2)):
            log, _ = self.record([os.path.join(harness.BUILD, "bench", "calls"), f"--depth={depth}", f"--threads={threads}",
                                  "--bursts=1", "--burst=3", "--warmup=0", "--stacks=new"], "--events=core")
            self.assertEqual({row[0] for row in self.sql(log, "SELECT depth FROM stacks")}, {depth})
            os.remove(log)

    def test_new_stacks_are_all_different(self):
        log, _ = self.record([os.path.join(harness.BUILD, "bench", "calls"), "--stacks=new", "--depth=20", "--bursts=1",
                              "--burst=300", "--warmup=0", "--pause-us=0"], "--events=core")
        self.assertEqual(self.sql(log, "SELECT count(*), count(DISTINCT stack) FROM events"), [(300, 300)])

    def test_wrong_stacks_are_noticed(self):
        case = Case("test", stacks="new")
        right = [(0, made, stacks.expected(case, 0, made)) for made in range(4)]
        self.assertEqual(stacks.verdict(case, right), "right")
        short = [(0, made, names[:-1]) for _, made, names in right]
        self.assertRegex(stacks.verdict(case, short), r"^wrong \(86% of frames\)$")
        other = [*right[:3], (0, 3, right[0][2])]
        self.assertRegex(stacks.verdict(case, other), "^75% right")
        self.assertEqual(stacks.verdict(case, []), "none recorded")

    def test_processes_and_calls_for_a_time_are_counted(self):
        result, facts = self.recorded(processes=3)
        self.assertEqual((result["made"], facts.events), (3 * 120, 3 * 120))
        case = Case("test", threads=2, seconds=1)
        result, facts = measure.run_once(ways.Sigshim("drop", "", "--overflow=drop", stack=False), case, examine=True)
        self.assertEqual(facts.events + facts.lost, result["made"])

    def runner(self, *options, status=0):
        done = self.plain([sys.executable, os.path.join(harness.ROOT, "tests", "bench", "run.py"), "--output", self.dir, *options],
                          timeout=300, env=self.environment(BUILD=harness.BUILD, PYTHONDONTWRITEBYTECODE="1"))
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done

    def test_the_runner_measures_and_reports(self):
        done = self.runner("--quick", "--rounds=1", "--ways=native memo nostack", "--cases=d10 starts")
        self.assertRegex(done.stdout, r"(?m)^d10 +sigshim +-?[\d,]+ ±")
        with open(self.path("results.json"), encoding="utf-8") as file:
            results = json.load(file)
        memo, nostack = results["calls"]
        self.assertEqual((memo["events"], memo["lost"], memo["stack"]), (memo["made"], 0, "right"))
        self.assertEqual((nostack["events"], nostack["stack"]), (nostack["made"], "-"))
        self.assertGreater(memo["native_ns"], 0)
        self.assertEqual(results["shapes"]["starts"]["with_collector"]["starts"], 100)
        report.write_document(results, self.dir, self.dir)
        with open(self.path("PERFORMANCE.md"), encoding="utf-8") as file:
            self.assertIn("sigprocmask, depth 10, one stack", file.read())
        with open(self.path("performance-added.svg"), encoding="utf-8") as file:
            self.assertIn("sigshim", file.read())

    def test_what_is_missing_is_named(self):
        done = self.plain([sys.executable, os.path.join(harness.ROOT, "tests", "bench", "run.py"), "--quick", "--rounds=1",
                           "--output", self.dir, "--ways=native memo", "--cases=d10"],
                          env=self.environment(BUILD=self.dir, PYTHONDONTWRITEBYTECODE="1"))
        self.assertIn("missing: sigshim: not built: run make", done.stdout)
        self.assertIn("no such way", self.runner("--ways=nosuch", status=1).stderr)
        self.assertIn("no such case", self.runner("--cases=nosuch", status=2).stderr)

    def test_targets_are_computed_and_never_hold_unmeasured(self):
        results = {"calls": [], "shapes": {}}
        self.assertEqual({holds for *_, holds in targets.check(results)}, {None})
        for added, expected in ((69, True), (71, False)):
            results["calls"] = [{"case": "d10", "way": "memo", "added_ns": added, "made": 1, "stack": "right"}]
            self.assertEqual(targets.check(results)[0][3], expected)
        for rate, expected in ((2.1e6, True), (1.9e6, False)):
            results["shapes"]["throughput"] = [{"overflow": "drop", "stored_per_s": rate}]
            held = {what: holds for what, *_, holds in targets.check(results)}
            self.assertEqual(held["events a second stored, 4 threads, drop (at least)"], expected)


if __name__ == "__main__":
    harness.main()
