# SPDX-License-Identifier: BSD-2-Clause
"""Containers that outlive collectors, and collectors that outlive many
containers: nothing is lost, doubled, or left without its names."""
import concurrent.futures
import os
import shutil
import signal
import subprocess

import harness
import test_containers
from test_containers import as_another_user, in_a_user_namespace, with_the_hosts_pids

setUpModule = test_containers.setUpModule
BRIEF = 100


class Lives(test_containers.Containers):
    """Against one collector, or one after the other."""

    test_every_kind_of_container_records = None

    def setUp(self):
        super().setUp()
        self.process, _ = self.collector(socket="run/c.sock")

    def start_pulse(self, name, change):
        """A container that makes as many calls as it is told; returns a function that tells it, and its id."""
        if not os.path.exists(self.path("pulse")):
            shutil.copy(harness.program("pulse"), self.dir)
        folder, ident = self.make_bundle(name, ["/test/pulse"], change)
        self.inject("bundle", folder)
        pulse = subprocess.Popen([harness.find("runc"), "--root", self.path("runc"), "run", "--bundle", folder,
                                  self.name_of(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(pulse.stdout.close)
        self.addCleanup(self.stop, pulse)
        self.assertEqual(pulse.stdout.readline(), "ready\n")
        made = 0

        def call(n):
            nonlocal made
            made += n
            pulse.stdin.write(f"{n}\n")
            pulse.stdin.flush()
            self.assertEqual(pulse.stdout.readline(), f"{made}\n")
            return made

        def end():
            pulse.stdin.close()
            self.assertEqual(pulse.wait(harness.HUNG * harness.SLOW), 0)
            return made
        return call, end, ident

    def test_containers_go_on_with_the_next_collector(self):
        pulses = [self.start_pulse(change.__name__, change)
                  for change in (as_another_user, in_a_user_namespace, with_the_hosts_pids)]
        log = self.path("collected.db")

        def heard(run):
            """All containers; a call makes them look for a new collector."""
            for call, _, _ in pulses:
                call(1)
            return self.sql(log, "SELECT count(DISTINCT p.container) FROM event_log e JOIN threads t ON t.id = e.thread "
                            "JOIN processes p ON p.id = t.process WHERE run = %d" % run) == [(3,)]

        for run, end in ((1, signal.SIGKILL), (2, signal.SIGTERM), (3, signal.SIGKILL), (4, signal.SIGTERM)):
            self.wait_for(lambda number=run: heard(number), "run %d" % run)
            for call, _, _ in pulses:
                call(1000)
            self.stop(self.process, end)
            for call, _, _ in pulses:
                call(500)
            if run < 4:
                self.process, _ = self.collector(socket="run/c.sock")
        made = {ident: end() for _, end, ident in pulses}
        self.sigshim("query", "-L", log, "-n1")
        for ident, calls in made.items():
            rows = self.sql(log, "SELECT seq, count(*) FROM events WHERE container = '%s' GROUP BY seq" % ident)
            self.assertEqual([row for row in rows if row[1] > 1], [], "recorded twice")
            lost = self.sql(log, "SELECT ifnull(sum(g.count), 0) FROM gaps g JOIN processes p ON p.id = g.process "
                            "WHERE p.container = '%s'" % ident)[0][0]
            # Nobody came after the last one to be told of its 500.
            self.assertEqual((len(rows) + lost, lost >= 500), (calls - 500, True), (calls, len(rows), lost))

    def test_a_hundred_containers_that_live_for_a_moment(self):
        program = self.make_program()
        waiting = [self.make_bundle("brief%d" % i, program) for i in range(BRIEF)]
        idents = {ident for _, ident in waiting}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in pool.map(self.run_brief, [folder for folder, _ in waiting]):
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.stop(self.process), 0)
        events = self.by_container(self.path("collected.db"))
        self.assertEqual(set(events), idents)
        for ident in idents:
            self.check_caller(events[ident])
        self.assertEqual(len({len(those) for those in events.values()}), 1)

    def run_brief(self, folder):
        self.inject("bundle", folder)
        return self.run_bundle(folder)


if __name__ == "__main__":
    harness.main()
