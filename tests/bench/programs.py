# SPDX-License-Identifier: BSD-2-Clause
"""Real programs under their usual loads, each with and without sigshim in
turns: throughput and latency. A program is a class with start(), load() and
stop(); Python's test suite is its own load."""
import os
import pwd
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import measure
import place


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    for _ in range(300):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise place.Failed(f"nobody listens on port {port}")


class Program:
    """A server under load. user: arguments of Popen, for one that refuses to be root."""
    name = title = ""
    needs = ()
    packages = ""
    user = {}

    def __init__(self, folder, seconds):
        self.folder, self.seconds, self.port, self.process = folder, seconds, free_port(), None

    @classmethod
    def missing(cls):
        return place.absent(*cls.needs, packages=cls.packages)

    def launch(self, command, recorded):
        """Starts the server; recorded: under `sigshim run`, with the copies that any user can read."""
        if recorded:
            command = [os.path.join(self.folder, "sigshim"), "run", "-o", os.path.join(self.folder, "log.db"), "--", *command]
        self.process = subprocess.Popen([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.folder, "said"), "wb"),
                                        env=place.environment(), **self.user)

    def stop(self, sig=signal.SIGTERM):
        """Ends the server itself, so that `sigshim run` ends in its wake."""
        pid = self.pid()
        if pid:
            os.kill(pid, sig)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise place.Failed(f"{self.name} did not end") from late

    def pid(self):
        with open(os.path.join(self.folder, "pid"), encoding="ascii") as file:
            return int(file.readline())


class Redis(Program):
    """redis-benchmark: SET and GET by 50 clients."""
    name, title = "redis", "redis, redis-benchmark SET and GET"
    needs, packages = ("redis-server", "redis-benchmark"), "redis-server redis-tools"

    def start(self, recorded):
        self.launch([place.find("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly",
                     "no", "--dir", self.folder, "--pidfile", os.path.join(self.folder, "pid")], recorded)
        wait_for_port(self.port)

    def load(self):
        done = place.run([place.find("redis-benchmark"), "-p", self.port, "-t", "set,get", "-n", 30000 * self.seconds, "--csv"])
        rows = [[cell.strip('"') for cell in line.split(",")] for line in done.stdout.splitlines()[1:]]
        return {"per_second": statistics.mean(float(row[1]) for row in rows),
                "latency_us": statistics.mean(float(row[2]) for row in rows) * 1e3,
                "p99_us": statistics.mean(float(row[6]) for row in rows) * 1e3}


class Nginx(Program):
    """wrk: 16 connections."""
    name, title = "nginx", "nginx, wrk with 16 connections"
    needs, packages = ("nginx", "wrk"), "nginx-light wrk"

    def start(self, recorded):
        folder = self.folder
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(folder + "/nginx.conf", "w", encoding="ascii") as conf:
            conf.write(f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}\n"
                       f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{self.port}; "
                       "return 200 \"hello\"; } }\n")
        self.launch([place.find("nginx"), "-e", folder + "/error.log", "-c", folder + "/nginx.conf"], recorded)
        wait_for_port(self.port)

    def load(self):
        done = place.run([place.find("wrk"), "-t1", "-c16", f"-d{self.seconds}s", "--latency", f"http://127.0.0.1:{self.port}/"])
        micro = {"us": 1, "ms": 1e3, "s": 1e6}
        at = {share: float(value) * micro[unit]
              for share, value, unit in re.findall(r"^ +(\d+)% +([\d.]+)(us|ms|s)$", done.stdout, re.M)}
        return {"per_second": float(re.search(r"Requests/sec: +([\d.]+)", done.stdout)[1]),
                "latency_us": at["50"], "p99_us": at["99"]}


class Postgres(Program):
    """pgbench: its default transactions by 4 clients."""
    name, title = "postgres", "postgres, pgbench with 4 clients"
    needs, packages = ("postgres", "initdb", "pgbench"), "postgresql"

    def start(self, recorded):
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chmod(self.folder, 0o777)
        data = os.path.join(self.folder, "data")
        place.run([place.find("initdb"), "-D", data, "-A", "trust", "-U", "tester", "-N"], cwd=self.folder, **self.user)
        self.launch([place.find("postgres"), "-D", data, "-k", self.folder, "-c", "listen_addresses=127.0.0.1", "-p", self.port,
                     "-c", "fsync=off"], recorded)
        wait_for_port(self.port)
        for _ in range(100):
            if self.bench("-i", "-q", check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise place.Failed("pgbench could not fill the database")

    def bench(self, *words, check=True):
        return place.run([place.find("pgbench"), "-h", "127.0.0.1", "-p", self.port, "-U", "tester", *words, "postgres"],
                         check=check)

    def load(self):
        log = os.path.join(self.folder, "pgbench")
        said = self.bench("-c", 4, "-j", 1, "-T", self.seconds, "-l", "--log-prefix=" + log).stdout
        name = next(name for name in os.listdir(self.folder) if name.startswith("pgbench."))
        with open(os.path.join(self.folder, name), encoding="ascii") as file:
            times = sorted(float(line.split()[2]) for line in file)
        return {"per_second": float(re.search(r"tps = ([\d.]+)", said)[1]), "latency_us": statistics.median(times),
                "p99_us": times[len(times) * 99 // 100]}

    def pid(self):
        with open(os.path.join(self.folder, "data", "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    def stop(self, sig=signal.SIGINT):
        super().stop(sig)


class Python(Program):
    """Parts of Python's own test suite: starts, signals, system calls, computing."""
    name, title = "python", "python, its test suite (test_posix, test_signal, test_pickle)"
    needs, packages = ("python3",), "python3"
    # Without those that only sleep.
    tests = ["-m", "test", "-q", "-i", "SiginterruptTest", "-i", "ItimerTest", "-i", "StressTest", "-i", "test_sig*wait*",
             "-i", "WakeupSignalTests", "-i", "test_interprocess_signal",
             "test_posix", "test_signal", "test_pickle"]

    @classmethod
    def missing(cls):
        found = place.run(["/usr/bin/python3", "-c", "import test.test_posix, test.test_pickle"], check=False).returncode == 0
        return None if found else "Python's tests are not installed: apt-get install libpython3.11-testsuite"

    def start(self, recorded):
        self.recorded = recorded

    def load(self):
        begin = time.monotonic()
        self.launch(["/usr/bin/python3", *self.tests], self.recorded)
        status = self.process.wait(300)
        took = time.monotonic() - begin
        if status != 0:
            with open(os.path.join(self.folder, "said"), encoding="utf-8", errors="replace") as said:
                raise place.Failed(f"Python's tests ended with {status}: {said.read().strip()[-200:]}")
        return {"per_second": 1 / took, "latency_us": took * 1e6, "p99_us": None}

    def stop(self, sig=None):
        pass


PROGRAMS = [Redis, Nginx, Postgres, Python]


def once(program, seconds, recorded):
    """One server, one load; the events it made when recorded."""
    with tempfile.TemporaryDirectory(prefix="sigshim-bench-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        shutil.copy(place.SIGSHIM, folder)
        shutil.copy(place.LIBRARY, folder)
        one = program(folder, seconds)
        try:
            one.start(recorded)
            found = one.load()
        finally:
            if one.process:
                one.stop()
        with open(os.path.join(folder, "said"), encoding="utf-8", errors="replace") as said:
            match = re.search(r"([\d,]+) events?, .* ([\d,]+) lost", said.read())
        if recorded and not match:
            raise place.Failed("sigshim run gave no summary")
        found["events"], found["lost"] = (int(n.replace(",", "")) for n in match.groups()) if recorded else (0, 0)
        return found


def compare(program, seconds, rounds):
    """Medians of both, and of the ratios of pairs."""
    pairs = []
    for i in range(rounds):
        place.progress.show(f"{program.title}, round {i + 1} of {rounds}")
        order = (False, True) if i % 2 == 0 else (True, False)
        found = {recorded: once(program, seconds, recorded) for recorded in order}
        pairs.append((found[False], found[True]))
    out = {"name": program.name, "title": program.title, "rounds": rounds,
           "events": pairs[-1][1]["events"], "lost": sum(pair[1]["lost"] for pair in pairs)}
    for key in ("per_second", "latency_us", "p99_us"):
        if pairs[0][0][key] is not None:
            out[key] = {"native": statistics.median(a[key] for a, _ in pairs),
                        "sigshim": statistics.median(b[key] for _, b in pairs),
                        "ratio": statistics.median(b[key] / a[key] for a, b in pairs),
                        "spread": measure.spread([b[key] / a[key] for a, b in pairs])}
    return out
