# SPDX-License-Identifier: BSD-2-Clause
"""A hostile container beside an honest one: whatever it sends is refused with a
counted reason or paid for by itself; the collector's memory stays bounded, and
the other's records are all there, with their names."""
import os
import shutil
import subprocess

import harness
import test_containers

setUpModule = test_containers.setUpModule
WAYS = ("flood", "garbage", "threads", "forged", "files", "silent")
SECONDS = 60 if harness.LONG else 3


class Hostile(test_containers.Containers):
    """Both by runc, against one collector."""

    test_every_kind_of_container_records = None

    def setUp(self):
        super().setUp()
        self.process, _ = self.collector(socket="run/c.sock")
        for name in ("hostile.py", "peer.py"):
            shutil.copy(os.path.join(harness.ROOT, "tests", "e2e", name), self.dir)

    def start_hostile(self, way):
        """A container in which Python speaks the wire format, and nothing else is heard."""
        command = ["/usr/bin/python3", "-B", "/test/hostile.py", "/.sigshim/run/c.sock", way, str(SECONDS)]
        folder, _ = self.make_bundle(way, command)
        self.inject("bundle", folder)
        spec = self.spec(folder)
        spec["process"]["env"] = ["PATH=/usr/bin"]
        self.write_spec(folder, spec)
        process = subprocess.Popen([harness.find("runc"), "--root", self.path("runc"), "run", "--bundle", folder,
                                    self.name_of(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.stop, process)
        return process

    def peak(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1])

    def test_others_are_unharmed(self):
        program = self.make_program()
        hostile = {way: self.start_hostile(way) for way in WAYS}
        honest = set()
        for i in range(3):
            folder, ident = self.make_bundle("honest%d" % i, program)
            self.inject("bundle", folder)
            self.assertEqual(self.run_bundle(folder).returncode, 0)
            honest.add(ident)
        for way, process in hostile.items():
            output, _ = process.communicate(timeout=harness.HUNG * harness.SLOW)
            self.assertIn(way + " has ended", output)
        peak = self.peak()
        self.tell("memory %d KiB" % peak)
        self.assertLess(peak, 700 << 10, "kilobytes")
        self.assertEqual(self.stop(self.process), 0, open(self.path("collector.err"), encoding="utf-8").read())
        log = self.path("collected.db")
        for ident in honest:
            self.check_caller(self.query(log, "--stack", "container=" + ident))
        self.assertEqual(self.sql(log, "SELECT sum(lost) FROM processes WHERE container IN (%s)"
                                  % ",".join("'%s'" % ident for ident in honest)), [(0,)])
        refused = dict(self.sql(log, "SELECT reason, count FROM refusals"))
        self.tell("refused %s" % refused)
        self.assertLessEqual({"forged-pid", "bad-file", "truncated"}, set(refused), refused)


if __name__ == "__main__":
    harness.main()
