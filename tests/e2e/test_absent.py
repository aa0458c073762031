# SPDX-License-Identifier: BSD-2-Clause
"""Without a collector, or without its help: the program doesn't notice, and
the log and `doctor` say what is missing."""
import os
import shutil
import signal
import subprocess

import harness


class Pulse:
    """The program `pulse`, which makes calls when it is told to."""

    def __init__(self, test, env):
        self.total, self.errors = 0, ""
        self.process = subprocess.Popen([harness.program("pulse")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env, cwd=test.dir, text=True)
        test.addCleanup(self.end)
        assert self.process.stdout.readline() == "ready\n"

    def calls(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        self.total += n
        assert self.process.stdout.readline() == f"{self.total}\n"

    def end(self):
        """Ends it; returns its exit status and what it said on stderr."""
        if not self.process.stdin.closed:
            _, self.errors = self.process.communicate(timeout=harness.HUNG)
        return self.process.returncode, self.errors


class Absent(harness.TestCase):
    """What the program does, and what is told about it."""

    def same_calls(self, env):
        """The golden program checks its own results, so it fails when anything differs."""
        done = self.plain([harness.program("calls"), self.path("expected")], env=env)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^\d+ calls\n$")

    def test_no_collector(self):
        self.same_calls(self.preloaded(self.path("nobody.sock")))

    def test_a_socket_that_nobody_listens_on(self):
        process, socket = self.collector()
        self.stop(process, signal.SIGKILL)
        self.assertTrue(os.path.exists(socket))
        self.same_calls(self.preloaded(socket))
        self.collector()   # and the next collector takes its place

    def test_a_socket_that_is_no_socket(self):
        with open(self.path("file"), "wb"):
            pass
        self.same_calls(self.preloaded(self.path("file")))

    def test_a_library_that_is_not_there(self):
        env = self.environment(LD_PRELOAD="/no/such/libsigshim.so")
        done = self.plain([harness.program("chain")], env=env)
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assertIn("cannot be preloaded", done.stderr)   # the loader's own words

    def test_a_wrong_setting_is_said_only_when_asked(self):
        env = self.preloaded(self.path("nobody.sock"), SIGSHIM_STACK="maybe", SIGSHIM_DEPTH="-3", SIGSHIM_OVERFLOW="x",
                             SIGSHIM_TRANSPORT="pigeon", SIGSHIM_EVENTS="nothing")
        self.same_calls(env)
        done = self.plain([harness.program("chain")], env={**env, "SIGSHIM_VERBOSE": "1"})
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        for name in ("SIGSHIM_STACK", "SIGSHIM_DEPTH", "SIGSHIM_OVERFLOW", "SIGSHIM_TRANSPORT", "SIGSHIM_EVENTS"):
            self.assertEqual(done.stderr.count(name), 1, done.stderr)

    def test_no_permission(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to become a user without permission")
        process, socket = self.collector()
        os.chmod(socket, 0o600)
        os.chmod(self.dir, 0o777)
        for path in (harness.LIBRARY, harness.program("calls")):
            shutil.copy(path, self.dir)
        env = {**self.preloaded(socket), "LD_PRELOAD": self.path("libsigshim.so")}
        done = self.plain([self.path("calls"), self.path("expected")], env=env, user=65534, group=65534, extra_groups=[])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.stop(process), 0)
        self.assertEqual(self.sql(self.path("collected.db"), "SELECT count(*) FROM event_log"), [(0,)])

    def test_doctor_names_a_missing_collector_and_what_to_do(self):
        env = self.environment(SIGSHIM_SOCKET=self.path("nobody.sock"))
        done = self.sigshim("doctor", env=env, status=None)
        self.assertIn(self.path("nobody.sock"), done.stdout)
        self.assertIn("sigshim collect", done.stdout)

    def test_doctor_sees_a_collector(self):
        _, socket = self.collector()
        done = self.sigshim("doctor", env=self.environment(SIGSHIM_SOCKET=socket), status=None)
        self.assertIn(socket, done.stdout)
        self.assertIn(harness.LIBRARY, done.stdout)

    def test_doctor_sees_a_wrong_preload(self):
        env = self.environment(LD_PRELOAD="/no/such/libsigshim.so")
        self.assertIn("/no/such/libsigshim.so", self.sigshim("doctor", env=env, status=None).stdout)


class Configured(harness.TestCase):
    """A collector from a configuration file."""

    def test_the_sample_configuration_is_accepted(self):
        _, socket = self.collector("--config", harness.ROOT + "/conf/collector.conf")
        self.assertEqual(os.stat(socket).st_mode & 0o777, 0o666)

    def test_the_command_line_wins(self):
        with open(self.path("conf"), "w", encoding="ascii") as file:
            file.write("socket-mode = 0600\nring-size = 64K\n")
        _, socket = self.collector("--config", self.path("conf"), "--socket-mode=0640")
        self.assertEqual(os.stat(socket).st_mode & 0o777, 0o640)

    def test_a_mistake_in_a_configuration_is_named(self):
        with open(self.path("conf"), "w", encoding="ascii") as file:
            file.write("\nrign-size = 64K\n")
        done = self.sigshim("collect", "--config", self.path("conf"), status=2)
        for word in (self.path("conf"), "rign-size", "ring-size", "2"):
            self.assertIn(word, done.stderr)


class Midway(harness.TestCase):
    """Collectors that come and go while the program runs."""

    def recorded(self, log="collected.db"):
        return self.sql(self.path(log), "SELECT count(*) FROM event_log")[0][0]

    def lost(self, log="collected.db"):
        return self.sql(self.path(log), "SELECT ifnull(sum(lost), 0) FROM processes")[0][0]

    def check(self, **settings):
        first, socket = self.collector()
        pulse = Pulse(self, self.preloaded(socket, **settings))
        pulse.calls(100)
        self.stop(first, signal.SIGKILL)
        pulse.calls(100)
        second, _ = self.collector()
        os.utime(socket)
        self.wait_for(lambda: self.reconnected(pulse), "the program to find the new collector")
        pulse.calls(100)
        self.assertEqual(pulse.end(), (0, ""))
        self.assertEqual(self.stop(second), 0)
        doubles = self.sql(self.path("collected.db"),
                           "SELECT pid, tid, seq FROM events GROUP BY pid, tid, seq HAVING count(*) > 1")
        self.assertEqual(doubles, [])
        # What the killed collector had taken and not stored, nobody can count; nothing counts twice.
        self.assertLessEqual(self.recorded() + self.lost(), pulse.total)
        self.assertGreaterEqual(self.recorded() + self.lost(), pulse.total - 100)
        self.assertIn(0, self.sql(self.path("collected.db"), "SELECT clean FROM runs WHERE id = 1")[0])

    def reconnected(self, pulse):
        pulse.calls(1)
        return self.sql(self.path("collected.db"), "SELECT count(*) FROM runs r JOIN processes p ON p.run = r.id "
                                                   "WHERE r.id = 2")[0][0] > 0

    def test_a_collector_that_is_killed_and_replaced(self):
        self.check()

    def test_a_collector_that_is_killed_and_replaced_with_packets(self):
        self.check(SIGSHIM_TRANSPORT="socket")

    def test_a_collector_that_is_stopped_cleanly(self):
        process, socket = self.collector()
        pulse = Pulse(self, self.preloaded(socket))
        pulse.calls(1000)
        self.assertEqual(self.stop(process), 0)
        self.assertEqual(self.recorded(), 1000)
        self.assertEqual(self.sql(self.path("collected.db"), "SELECT end FROM processes"), [("open",)])
        pulse.calls(10)
        self.assertEqual(pulse.end(), (0, ""))

    def test_a_blocking_program_is_not_held_by_a_dead_collector(self):
        process, socket = self.collector()
        pulse = Pulse(self, self.preloaded(socket, SIGSHIM_OVERFLOW="block"))
        pulse.calls(10)
        self.stop(process, signal.SIGKILL)
        pulse.calls(300000)
        self.assertEqual(pulse.end(), (0, ""))

    def test_a_blocking_program_waits_for_the_next_collector_as_for_the_first(self):
        first, socket = self.collector("--ring-size=64K")
        pulse = Pulse(self, self.preloaded(socket, SIGSHIM_OVERFLOW="block"))
        pulse.calls(10)
        self.stop(first)
        second, _ = self.collector("--ring-size=64K")
        self.wait_for(lambda: self.reconnected(pulse), "the program to find the new collector")
        pulse.calls(300000)
        self.assertEqual(pulse.end(), (0, ""))
        self.assertEqual(self.stop(second), 0)
        self.assertEqual(self.sql(self.path("collected.db"), "SELECT count(*) FROM gaps WHERE reason != 'no collector'"), [(0,)])
        self.assertEqual(self.recorded() + self.lost(), pulse.total)

    def test_a_program_that_is_killed_loses_nothing_it_had_recorded(self):
        process, socket = self.collector()
        pulse = Pulse(self, self.preloaded(socket))
        pulse.calls(500)
        pulse.process.kill()
        pulse.process.wait()
        self.wait_for(lambda: self.recorded() == 500, "500 records")
        self.assertEqual(self.stop(process), 0)
        self.assertEqual(self.sql(self.path("collected.db"), "SELECT end, lost FROM processes"), [("killed", 0)])


if __name__ == "__main__":
    harness.main()
