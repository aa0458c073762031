# SPDX-License-Identifier: BSD-2-Clause
"""The verifier: what the kernel saw against what programs did, by their own
count. Needs eBPF; where that is not allowed the tests skip and say so."""
import os
import re
import shutil
import signal
import subprocess
import unittest

from harness import LONG, ROOT, SIGSHIM, TestCase, clean_environment, find, main

SOURCES = os.path.join(ROOT, "tests/verify")
CC = find("gcc") or find("cc")
CALLS = ("rt_sigprocmask rt_sigqueueinfo sigaltstack signalfd signalfd4 rt_tgsigqueueinfo rt_sigaction rt_sigsuspend "
         "rt_sigtimedwait pselect6 ppoll epoll_pwait epoll_pwait2 kill tkill tgkill pidfd_send_signal").split()
LIBC = ("sigprocmask pthread_sigmask sigaltstack signalfd sigqueue pthread_sigqueue sigaction sigtimedwait pselect "
        "ppoll epoll_pwait kill pthread_kill tgkill").split()
COLUMNS = ("kernel wrapped shim libc_internal syscall inline unshimmed lost unselected records unmatched "
           "mismatched complete why").split()


def why_not():
    """Why the verifier can't work here; None if it can."""
    if not CC:
        return "no C compiler"
    if os.geteuid() != 0:
        return "eBPF needs root"
    done = subprocess.run([SIGSHIM, "verify", "-q", "-o", "/dev/null/log", "--", "true"], capture_output=True,
                          text=True, check=False, env=clean_environment())
    if "cannot open" not in done.stderr and "cannot make" not in done.stderr:
        return done.stderr.strip()
    done = subprocess.run([SIGSHIM, "doctor"], capture_output=True, text=True, check=False, env=clean_environment())
    line = re.search(r"^(\w+) +verifier: (.*)$", done.stdout, re.M)
    return None if line and line[1] == "ok" else "doctor: " + (line[2] if line else "nothing about the verifier")


REASON = why_not()


@unittest.skipIf(REASON, REASON)
class Verify(TestCase):
    def build(self, name, *options, source=None):
        out = self.path(name)
        done = self.plain([CC, "-O1", "-g", "-fomit-frame-pointer", "-o", out, os.path.join(SOURCES, source or name + ".c"),
                           *options])
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def certificate(self, log):
        rows = self.sql(log, f"SELECT {', '.join(COLUMNS)} FROM certificates WHERE process IS NULL AND tid IS NULL")
        self.assertEqual(len(rows), 1)
        return dict(zip(COLUMNS, rows[0]))

    def counts(self, log, origin):
        rows = self.sql(log, f"SELECT event, count(*) FROM events WHERE origin = '{origin}' GROUP BY event")
        return dict(rows)

    def ways(self):
        library = self.build("ways_lib.so", "-shared", "-fPIC", source="ways_lib.c")
        return self.build("ways", "-pthread", "-ldl"), library

    def verified(self, command, *options, **kw):
        log, done = self.record(command, "--verify", "--events=all", "--overflow=block", *options, **kw)
        return log, done, self.certificate(log)


class Ways(Verify):
    """Every call, made in every way, counted by whoever makes it."""

    def check(self, programs, rounds, threads, log="log.db"):
        ways, library = self.ways()
        log, done, cert = self.verified([ways, str(rounds), str(threads), library, *programs], timeout=600, log=log)
        told = dict(line.split() for line in done.stdout.splitlines())
        told = {key: int(value) for key, value in told.items()}
        self.assertEqual(self.counts(log, "inline"), {call: told["inline"] for call in CALLS})
        self.assertEqual(self.counts(log, "syscall"), {call: told["syscall"] for call in CALLS})
        wrapped = {name: count for name, count in self.counts(log, "wrapped").items() if name in LIBC + ["raise"]}
        # And main's own sigaction.
        expected = {name: told["libc"] + (name == "sigaction") for name in LIBC}
        self.assertEqual(wrapped, {**expected, "raise": told["raised"]})
        self.assertEqual(cert["syscall"], told["syscall"] * len(CALLS))
        self.assertEqual(cert["wrapped"], sum(wrapped.values()))
        self.assertEqual(self.counts(log, "lost"), {})
        self.assertEqual([cert["lost"], cert["unmatched"], cert["mismatched"]], [0, 0, 0])
        parts = ("wrapped", "shim", "libc_internal", "syscall", "inline", "unshimmed", "lost")
        self.assertEqual(cert["kernel"], sum(cert[part] for part in parts))
        return log, cert

    def test_each_call_is_told_apart_by_origin(self):
        _, cert = self.check([], 250, 4)
        self.assertEqual((cert["unshimmed"], cert["complete"]), (0, "yes"))

    def test_the_same_again_and_again(self):
        for n in range(20 if LONG else 5):
            self.check([], 1000 if LONG else 20, 4, f"{n}.db")

    def test_static_and_32_bit_programs_are_unshimmed(self):
        static = self.build("ways_static", "-static")
        small = self.build("ways_32", "-m32", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector")
        log, cert = self.check([static, small], 50, 2)
        found = self.counts(log, "unshimmed")
        for call in CALLS:
            self.assertEqual(found.get(call), 100 if call in ("rt_sigprocmask", "kill") else 50, call)
        self.assertEqual(cert["complete"], "no")
        self.assertIn("without the shim", cert["why"])

    def test_go_programs_are_unshimmed(self):
        go = find("go")
        if not go:
            self.skipTest("no Go compiler (golang-go)")
        program = self.path("ways_go")
        # Half a minute on a busy machine.
        done = self.plain([go, "build", "-o", program, os.path.join(SOURCES, "ways_go.go")],
                          env={**clean_environment(), "CGO_ENABLED": "0", "GOCACHE": self.path("cache"), "GO111MODULE": "off"},
                          timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        log, cert = self.check([program], 50, 2)
        # What Go's runtime does never fails so, and sends other signals.
        rows = self.sql(log, "SELECT event, count(*) FROM events WHERE origin = 'unshimmed' AND NOT (errno IS NULL AND event "
                        "IN ('rt_sigprocmask', 'sigaltstack', 'rt_sigaction')) AND args NOT LIKE '%SIGURG%' GROUP BY event")
        self.assertEqual(dict(rows), {call: 4 * 50 for call in CALLS})
        self.assertEqual(cert["complete"], "no")

    def test_the_query_key_takes_the_origins(self):
        ways, library = self.ways()
        log, _, _ = self.verified([ways, "1", "1", library])
        found = {event["origin"] for event in self.query(log, "origin=inline,syscall")}
        self.assertEqual(found, {"inline", "syscall"})
        done = self.sigshim("query", "-L", log, "origin=inlined", status=2)
        self.assertIn("inline", done.stderr)

    def test_inline_calls_have_stacks_without_frame_pointers(self):
        deep = self.build("deep")
        log, _, _ = self.verified([deep])
        stacks = [[frame["function"] for frame in event["stack"]] for event in self.query(log, "origin=inline")]
        self.assertEqual(len(stacks), 1)
        self.assertEqual(stacks[0][:14], ["ways_inline", "call"] + [f"level{n}" for n in range(12)])
        self.assertIn("main", stacks[0])


class Completeness(Verify):
    """What must never look complete."""

    def test_programs_of_libc_alone_are_complete(self):
        _, done, cert = self.verified(["/bin/sh", "-c", "sleep 0.1; true | cat"])
        self.assertEqual((cert["complete"], cert["why"]), ("yes", None), done.stderr)
        self.assertIn("complete: yes", done.stderr)

    def test_a_call_that_ends_its_process_is_in_the_log(self):
        log, _, cert = self.verified(["/bin/sh", "-c", "kill -KILL $$"], status=137)
        self.assertEqual((cert["lost"], cert["complete"]), (0, "yes"))
        self.assertEqual(self.counts(log, "wrapped").get("kill"), 1)

    def test_forked_children_are_complete_however_short_they_live(self):
        forks = self.build("forks")
        for children, calls in ((300, 7), (30, 500)):
            with self.subTest(f"{children} children"):
                log, done, cert = self.verified([forks, str(children), str(calls)], log=f"{calls}.db", timeout=240)
                self.assertEqual((cert["complete"], cert["lost"], cert["unmatched"]), ("yes", 0, 0), done.stderr)
                self.assertEqual(self.counts(log, "wrapped").get("sigprocmask"), children * calls)
                self.assertEqual(self.counts(log, "inline"), {"rt_sigprocmask": children})

    def test_a_child_without_the_preload_is_unshimmed(self):
        _, _, cert = self.verified(["env", "-u", "LD_PRELOAD", "/bin/sh", "-c", "trap : USR1; kill -USR1 $$"])
        self.assertGreater(cert["unshimmed"], 0)
        self.assertEqual(cert["complete"], "no")

    def test_a_full_buffer_shows_as_lost(self):
        ways, library = self.ways()
        log, done = self.record([ways, "300", "4", library], "--verify", "--events=all", "--ring-size=64K", timeout=240)
        cert = self.certificate(log)
        events = self.sql(log, "SELECT ifnull(sum(count), 0) FROM gaps")[0][0]
        if events == 0:
            self.skipTest("nothing was lost")
        self.assertGreater(cert["lost"], 0, done.stderr)
        self.assertNotEqual(cert["complete"], "yes")

    def test_a_transport_that_is_killed_shows_as_lost(self):
        closer = self.build("cut")
        for way in ("descriptors", "socket"):
            with self.subTest(way):
                _, done, cert = self.verified([closer, way], "--transport=socket", log=way + ".db")
                self.assertGreater(cert["lost"], 0, done.stderr)
                self.assertEqual(cert["complete"], "no")

    def test_calls_that_were_not_asked_for_are_counted_apart(self):
        log, _ = self.record(["/bin/sh", "-c", "trap : USR1; kill -USR1 $$"], "--verify", "--events=sigprocmask")
        cert = self.certificate(log)
        self.assertGreater(cert["unselected"], 0)
        self.assertEqual((cert["lost"], cert["complete"]), (0, "yes"))


class Races(Verify):
    """Arguments that change between the shim's look and the kernel's."""

    def findings(self, log):
        return self.sql(log, "SELECT kind, what, record, entry, effect FROM findings")

    def stacks(self, log):
        """Of findings for which the kernel's program took one, by number."""
        rows = self.sql(log, "SELECT finding, group_concat(function) FROM finding_frames WHERE side = 'kernel' GROUP BY 1")
        records = dict(self.sql(log, "SELECT finding, group_concat(function) FROM finding_frames WHERE side = 'record' "
                                     "GROUP BY 1"))
        for finding, _ in rows:
            self.assertIn("make_calls", records[finding])
        return {finding: functions.split(",") for finding, functions in rows}

    def test_a_changed_set_is_found_when_the_effect_differed(self):
        race = self.build("race", "-pthread")
        for what, name in (("set", "set"), ("stack", "ss"), ("info", "info")):
            with self.subTest(what):
                # On a busy machine both threads may not run at once for a while.
                for n in range(40):
                    log, done, cert = self.verified([race, what, "20000"], log=f"{what}{n}.db", timeout=240)
                    found = [row for row in self.findings(log) if row[1] == name]
                    if found and self.stacks(log):
                        break
                self.assertTrue(found, done.stderr)
                self.assertEqual(cert["mismatched"], len({row for row in self.sql(log, "SELECT seq, thread FROM findings")}))
                for kind, _, record, entry, effect in found:
                    self.assertEqual(kind, "toctou")
                    self.assertTrue(record != entry or record != effect)
                stacks = self.stacks(log)
                self.assertTrue(stacks, done.stderr)
                for finding, functions in stacks.items():
                    self.assertIn("make_calls", functions, finding)
                writers = self.sql(log, "SELECT DISTINCT writer FROM findings WHERE writer IS NOT NULL")
                racing = self.sql(log, "SELECT DISTINCT host_tid FROM threads WHERE host_tid != (SELECT max(host_pid) FROM "
                                  "processes)")
                self.assertEqual(writers, racing)

    def test_every_changed_set_is_found(self):
        """What a call did to the mask, its successor tells: its mask before."""
        log, _, _ = self.verified([self.build("race", "-pthread"), "set", "100000"], timeout=600)
        rows = self.sql(log, "SELECT seq, mask_requested, mask_before FROM event_log e JOIN calls c ON c.id = e.call "
                        "JOIN threads t ON t.id = e.thread JOIN processes p ON p.id = t.process "
                        "WHERE t.host_tid = p.host_pid AND mask_requested IS NOT NULL ORDER BY seq")
        self.assertGreater(len(rows), 200000 - 1)
        changed = {one[0] for one, after in zip(rows, rows[1:]) if one[1] != after[2]}
        found = {seq for seq, in self.sql(log, "SELECT seq FROM findings WHERE effect != record")}
        self.assertEqual(changed, found)

    def test_no_race_no_finding(self):
        race = self.build("race", "-pthread")
        log, _, cert = self.verified([race, "none", "100000"], timeout=240)
        self.assertEqual(self.findings(log), [])
        self.assertEqual((cert["mismatched"], cert["complete"]), (0, "yes"))


class Alone(Verify):
    """`sigshim verify`, without a shim."""

    def test_a_command(self):
        static = self.build("ways_static", "-static")
        log = self.path("log.db")
        self.sigshim("verify", "-o", log, "--", static, "10")
        found = self.counts(log, "inline")
        for call in CALLS:
            self.assertEqual(found.get(call), 10, call)

    def test_its_exit_status_is_the_commands(self):
        self.sigshim("verify", "-q", "-o", self.path("log.db"), "--", "sh", "-c", "exit 3", status=3)

    def test_a_running_process_and_what_it_starts(self):
        log = self.path("log.db")
        shell = subprocess.Popen(["/bin/sh", "-c", "read x; for i in 1 2 3; do /bin/sh -c 'kill -0 $$'; done; read x"],
                                 stdin=subprocess.PIPE, env=self.environment())
        self.addCleanup(self.stop, shell, signal.SIGKILL)
        watch = subprocess.Popen([SIGSHIM, "verify", "-o", log, "--pid", str(shell.pid)], stderr=subprocess.PIPE, text=True,
                                 env=self.environment())
        self.addCleanup(self.stop, watch)
        self.assertIn("watching", watch.stderr.readline())
        shell.stdin.write(b"\n")
        shell.stdin.flush()
        self.wait_for(lambda: self.sql(log, "SELECT count(*) FROM events WHERE event = 'kill'")[0][0] == 3, "three kills")
        self.stop(watch, signal.SIGINT)
        watch.stderr.close()
        pids = self.sql(log, "SELECT count(DISTINCT pid) FROM events WHERE event = 'kill'")[0][0]
        self.assertEqual(pids, 3)
        shell.stdin.close()

    def test_a_cgroup(self):
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"):
            if not os.path.exists(root + "/cgroup.procs"):
                continue
            with self.subTest(root):
                self.watch_cgroup(root)

    def watch_cgroup(self, root):
        folder = f"{root}/sigshim-test-{os.getpid()}"
        log = self.path(os.path.basename(root) + ".db")
        try:
            os.makedirs(folder + "/below")
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(lambda: [os.rmdir(path) for path in (folder + "/below", folder) if os.path.exists(path)])
        watch = subprocess.Popen([SIGSHIM, "verify", "-o", log, "--cgroup", folder], stderr=subprocess.PIPE, text=True,
                                 env=self.environment())
        self.addCleanup(self.stop, watch)
        self.assertIn("watching", watch.stderr.readline())
        self.plain(["/bin/sh", "-c", "kill -0 $$"])
        self.plain(["/bin/sh", "-c", f"echo $$ > {folder}/below/cgroup.procs && exec /bin/sh -c 'kill -0 $$'"])
        self.wait_for(lambda: self.sql(log, "SELECT count(*) FROM events WHERE event = 'kill'")[0][0] > 0, "the kill")
        self.stop(watch, signal.SIGINT)
        watch.stderr.close()
        self.assertEqual(self.sql(log, "SELECT count(*) FROM events WHERE event = 'kill'")[0][0], 1)

    def test_usage(self):
        self.sigshim("verify", status=2)
        self.sigshim("verify", "--all", "--", "true", status=2)
        self.sigshim("verify", "--pid", "x", status=2)

    def test_without_privileges_it_says_what_is_missing(self):
        setpriv = shutil.which("setpriv")
        if not setpriv:
            self.skipTest("setpriv is not installed")
        done = self.plain([setpriv, "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--reuid=65534",
                           "--clear-groups", SIGSHIM, "verify", "-o", "/tmp/sigshim-verify-none.db", "--", "true"])
        for end in ("", "-wal", "-shm"):
            if os.path.exists("/tmp/sigshim-verify-none.db" + end):
                os.remove("/tmp/sigshim-verify-none.db" + end)
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn("CAP_BPF and CAP_PERFMON", done.stderr)


class Collect(Verify):
    def test_a_collector_verifies_what_reports_to_it(self):
        ways, library = self.ways()
        process, socket = self.collector("--verify=shimmed")
        done = self.plain([ways, "5", "2", library], env=self.preloaded(socket, SIGSHIM_EVENTS="all"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.stop(process), 0)
        cert = self.certificate(self.path("collected.db"))
        self.assertEqual(cert["inline"], 5 * 2 * 6 * len(CALLS))
        self.assertEqual(cert["complete"], "yes", cert)


if __name__ == "__main__":
    main()
