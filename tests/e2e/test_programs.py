# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the system, as they are: they work the same under sigshim, and
the log names who changed what."""
import os
import pwd
import shutil
import signal
import socket
import subprocess

import harness

PYTHON_SCRIPT = """
import faulthandler, signal, sys, threading
faulthandler.enable()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
thread = threading.Thread(target=signal.pthread_sigmask, args=(signal.SIG_SETMASK, {signal.SIGHUP}))
thread.start(); thread.join()
print(sorted(s.name for s in signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})))
print("to stderr", file=sys.stderr)
sys.exit(7)
"""

BASH_SCRIPT = """
trap 'echo caught' USR1
trap 'echo bye' EXIT
(echo subshell; exit 3); echo $?
echo "$(echo inner | tr a-z A-Z)"
sleep 0.05 & wait $!
kill -USR1 $$
exit 5
"""


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


class Programs(harness.TestCase):
    """One test a program."""

    def functions(self, events):
        return {frame["function"] for event in events for frame in event["stack"] or []}

    def same_as_without(self, command):
        """Runs it both ways; returns the log's events."""
        plain = self.plain(command)
        log, done = self.record(command, status=plain.returncode)
        self.assertEqual(plain.stdout, done.stdout)
        rest = [line for line in done.stderr.splitlines() if not line.startswith("sigshim:")]
        self.assertEqual(plain.stderr.splitlines(), rest)
        return log, self.query(log, "--stack")

    def start(self, command, **kw):
        """Starts a server under `sigshim run`."""
        server = subprocess.Popen([kw.pop("sigshim", harness.SIGSHIM), "run", "-o", self.path("log.db"), "--", *command],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=self.environment(), cwd=self.dir, text=True, **kw)
        self.addCleanup(server.stdout.close)
        self.addCleanup(self.stop, server)
        return server

    def wait_for_server(self, server, path):
        def ready():
            with socket.socket(socket.AF_UNIX) as s:
                return server.poll() is not None or s.connect_ex(path) == 0
        self.wait_for(ready, path)

    @harness.need("python3")
    def test_python(self):
        _, events = self.same_as_without([harness.find("python3"), "-c", PYTHON_SCRIPT])
        masks = [e for e in events if e["event"] == "pthread_sigmask" and e["args"]["set"]]
        changes = [(e["args"]["how"], e["args"]["set"], e["pid"] == e["tid"]) for e in masks]
        self.assertIn(("SIG_BLOCK", ["SIGUSR1", "SIGTERM"], True), changes)
        self.assertIn(("SIG_SETMASK", ["SIGHUP"], False), changes)
        self.assertIn(("SIG_UNBLOCK", ["SIGUSR1"], True), changes)
        self.assertIn("sigaltstack", {e["event"] for e in events})
        self.assertIn("Py_RunMain", self.functions(masks))

    @harness.need("bash")
    def test_bash(self):
        _, events = self.same_as_without([harness.find("bash"), "-c", BASH_SCRIPT])
        self.assertIn("SIGCHLD", {s for e in events for s in e["args"].get("set") or []})
        self.assertIn("make_child", self.functions(events))
        self.assertGreater(len({e["pid"] for e in events}), 2)

    @harness.need("node")
    def test_node(self):
        script = "console.log([1,2].map(x => x * 2)); process.on('SIGHUP', () => {}); process.exitCode = 4"
        _, events = self.same_as_without([harness.find("node"), "-e", script])
        self.assertIn("pthread_sigmask", {e["event"] for e in events})
        self.assertTrue(any("node::" in (f or "") or "uv_" in (f or "") for f in self.functions(events)),
                        self.functions(events))

    @harness.need("nginx")
    def test_nginx(self):
        path = self.path("http.sock")
        with open(self.path("nginx.conf"), "w", encoding="ascii") as conf:
            conf.write(f"""daemon off; pid {self.dir}/pid; error_log {self.dir}/error.log;
worker_processes 2; events {{}}
http {{ access_log off; {''.join(f'{t}_temp_path {self.dir}/{t};' for t in
                               ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))}
server {{ listen unix:{path}; return 200 "hello from nginx"; }} }}""")
        server = self.start([harness.find("nginx"), "-e", self.path("error.log"), "-c", self.path("nginx.conf")])
        self.wait_for_server(server, path)
        with connect(path) as client, client.makefile("rwb") as stream:
            stream.write(b"GET / HTTP/1.0\r\n\r\n")
            stream.flush()
            self.assertEqual(stream.read().split(b"\r\n\r\n")[1], b"hello from nginx")
        with open(self.path("pid"), encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGQUIT)
        self.assertEqual(server.wait(harness.HUNG), 0)
        events = self.query(self.path("log.db"), "--stack", "event=sigprocmask")
        self.assertIn("ngx_master_process_cycle", self.functions(events))
        self.assertEqual(len({e["pid"] for e in events}), 3)   # the master and both workers

    def bio_threads(self):
        """The threads that have blocked SIGALRM so far."""
        return {row for row in self.sql(self.path("log.db"), "SELECT DISTINCT thread FROM events "
                                        "WHERE event = 'pthread_sigmask' AND mask_after LIKE '%SIGALRM%'")}

    @harness.need("redis-server")
    def test_redis(self):
        path = self.path("redis.sock")
        server = self.start([harness.find("redis-server"), "--port", "0", "--unixsocket", path, "--save", "",
                             "--appendonly", "no", "--dir", self.dir])
        self.wait_for_server(server, path)
        with connect(path) as client:
            client.sendall(b"SET key value\r\nGET key\r\n")
            answer = b""
            while len(answer) < 16:
                answer += client.recv(100)
            self.assertEqual(answer, b"+OK\r\n$5\r\nvalue\r\n")
            self.wait_for(lambda: len(self.bio_threads()) >= 3, "redis's threads to have begun")
            client.sendall(b"SHUTDOWN NOSAVE\r\n")
        self.assertEqual(server.wait(harness.HUNG), 0)
        events = self.query(self.path("log.db"), "event=pthread_sigmask", "signal=SIGALRM")
        self.assertGreaterEqual(len({e["tid"] for e in events if e["tid"] != e["pid"]}), 3)   # its bio threads
        caller = {frame["module"] for e in events for frame in e["stack"][:1]}
        self.assertIn(os.path.realpath(harness.find("redis-server")), caller)

    @harness.need("postgres", "initdb")
    def test_postgres(self):
        user = self.postgres_user()
        data = self.path("data")
        os.chmod(self.dir, 0o777)
        shutil.copy(harness.SIGSHIM, self.dir)
        shutil.copy(harness.LIBRARY, self.dir)
        subprocess.run([harness.find("initdb"), "-D", data, "-A", "trust", "-U", "tester", "-N"], check=True, cwd=self.dir,
                       stdout=subprocess.DEVNULL, env=self.environment(), **user)
        server = self.start([harness.find("postgres"), "-D", data, "-k", self.dir, "-c", "listen_addresses="],
                            sigshim=self.path("sigshim"), **user)
        self.wait_for(lambda: server.poll() is not None or os.path.exists(self.path(".s.PGSQL.5432")), "postgres")
        psql = [harness.find("psql"), "-h", self.dir, "-U", "tester", "-Atc", "select 40 + 2", "postgres"]
        self.wait_for(lambda: self.plain(psql).stdout == "42\n", "an answer from postgres")
        with open(data + "/postmaster.pid", encoding="ascii") as file:
            os.kill(int(file.readline()), signal.SIGINT)
        self.assertEqual(server.wait(harness.HUNG), 0)
        events = self.query(self.path("log.db"), "--stack", "event=sigprocmask")
        self.assertIn("PostmasterMain", self.functions(events))
        self.assertGreater(len({e["pid"] for e in events}), 3)

    def postgres_user(self):
        """postgres refuses to be root."""
        if os.geteuid() != 0:
            return {}
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
                return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            except KeyError:
                continue
        return self.skipTest("postgres can't run as root, and there is no other user")


if __name__ == "__main__":
    harness.main()
