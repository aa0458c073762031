#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs real programs under `sigshim run --verify`, and prints what the kernel
saw of each, by origin, as the table in docs/VERIFIER.md.

  tests/trials/verified.py [--keep] [NAME]...

Exit status 1 when a certificate isn't `yes` or has findings, or an origin comes
up that the program doesn't have. --keep keeps the logs in the current folder.
"""
import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from suites import AS_NOBODY, SIGSHIM, clean_environment

COLUMNS = "kernel wrapped shim libc_internal syscall inline unshimmed lost unmatched mismatched complete".split()
SERVER_GO = """
package main
import ("fmt"; "net"; "net/http"; "os"; "os/exec"; "os/signal"; "sync"; "syscall"; "time")
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { panic(err) }
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	go http.Serve(l, nil)
	var all sync.WaitGroup
	for i := 0; i < 200; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if r, err := http.Get("http://" + l.Addr().String() + "/"); err == nil { r.Body.Close() }
		}()
	}
	all.Wait()
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	exec.Command("true").Run()
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	<-c
	time.Sleep(100 * time.Millisecond)
}
"""
SERVER_JAVA = """
import com.sun.net.httpserver.*; import java.net.*;
public class Server { public static void main(String[] a) throws Exception {
	HttpServer s = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
	s.createContext("/", e -> { e.sendResponseHeaders(200, -1); e.close(); });
	s.start();
	for (int i = 0; i < 200; i++)
		new URL("http://127.0.0.1:" + s.getAddress().getPort() + "/").openConnection().getInputStream().close();
	new ProcessBuilder("true").start().waitFor();
	s.stop(0);
} }
"""
SERVER_NODE = """
const http = require('http'), child = require('child_process');
const s = http.createServer((q, r) => r.end('ok')).listen(0, '127.0.0.1', async () => {
	for (let i = 0; i < 200; i++)
		await new Promise(ok => http.get({ port: s.address().port, host: '127.0.0.1', agent: false },
			r => { r.resume(); r.on('end', ok); }));
	process.on('SIGUSR2', () => s.close());
	child.execSync('true');
	process.kill(process.pid, 'SIGUSR2');
});
"""
NGINX = """
daemon off; worker_processes 2; pid nginx.pid; error_log error.log;
events { worker_connections 64; }
http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u;
scgi_temp_path s; server { listen unix:nginx.sock; location / { return 200 ok; } } }
"""
GET = "python3 -c \"import socket\nfor i in range(200):\n s = socket.socket(socket.AF_UNIX); s.connect('nginx.sock'); " \
      "s.send(b'GET / HTTP/1.0\\r\\n\\r\\n'); s.recv(999)\""
PG = "/usr/lib/postgresql/*/bin"


class Program:
    """A shell script; other origins that it may have; files it needs; what to do before, unwatched."""

    def __init__(self, name, needs, script, *, may=(), files=None, before="true", nobody=False):
        self.name, self.needs, self.script, self.may = name, needs, script, may
        self.files, self.before, self.nobody = files or {}, before, nobody


PROGRAMS = (
    Program("CPython, test_signal", ["python3"], "python3 -m test test_signal || test $? = 2", may=("syscall",)),
    Program("PostgreSQL: initdb, start, three sessions, stop", ["postgres"], f"""
        PATH=$(echo {PG}):$PATH
        initdb -D data >/dev/null
        pg_ctl -w -D data -o "-k $PWD -h ''" -l pg.log start >/dev/null
        for i in 1 2 3; do psql -q -h $PWD postgres -c 'SELECT sum(i) FROM generate_series(1, 100000) i' >/dev/null; done
        pg_ctl -w -D data stop >/dev/null""", nobody=True),
    Program("bash: traps in subshells, pipes, background", ["bash"], """bash -c '
        trap "n=1" USR1
        for i in $(seq 100); do (trap : USR2; kill -USR2 $BASHPID); true | cat & kill -USR1 $$; wait; done'"""),
    Program("bash in new pid and mount namespaces", ["bash", "unshare"], """unshare -pmf --mount-proc bash -c '
        for i in $(seq 50); do (kill -0 $$); true | cat; done'"""),
    Program("dash, 300 subshells", ["dash"], "dash -c 'for i in $(seq 300); do (trap : USR1; kill -0 $$); done'"),
    Program("redis: benchmark, background save, shutdown", ["redis-server", "redis-benchmark"], """
        redis-server --port 0 --unixsocket $PWD/redis.sock --dir $PWD --logfile redis.log --save '' &
        until redis-cli -s redis.sock ping >/dev/null 2>&1; do sleep 0.1; done
        redis-benchmark -q -s redis.sock -n 20000 -t set,get >/dev/null
        redis-cli -s redis.sock bgsave >/dev/null
        redis-cli -s redis.sock shutdown nosave
        wait"""),
    Program("nginx, two workers: 200 requests, reload, quit", ["nginx", "python3"], f"""
        nginx -p $PWD -c nginx.conf &
        until test -S nginx.sock && test -s nginx.pid; do sleep 0.1; done
        {GET}
        kill -HUP $(cat nginx.pid); sleep 0.5
        {GET}
        kill -QUIT $(cat nginx.pid)
        wait""", files={"nginx.conf": NGINX}),
    Program("node, HTTP server: 200 requests, a child", ["node"], "node server.js", files={"server.js": SERVER_NODE}),
    Program("OpenJDK, HTTP server: 200 requests, a child", ["java", "javac"], "java Server", before="javac Server.java",
            files={"Server.java": SERVER_JAVA}),
    Program("Go, HTTP server: 200 requests, a child", ["go", "gcc"], "./server", may=("inline",),
            before="GOCACHE=$PWD/cache GOFLAGS=-mod=mod go build -o server server.go", files={"server.go": SERVER_GO}),
)


def missing(program):
    for tool in program.needs:
        if not shutil.which(tool):
            return tool
    return None


def run(program, folder, log):
    """What the certificate says, and how many findings there are. None: the program failed."""
    user = AS_NOBODY if program.nobody else []
    env = clean_environment(HOME=folder, TMPDIR=folder)
    for name, text in program.files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["sh", "-euc", program.before], cwd=folder, env=env, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    done = subprocess.run([SIGSHIM, "run", "--quiet", "-o", log, "--verify", "--events=all", "--overflow=block", "--", *user,
                           "sh", "-euc", program.script], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=1800)
    if done.returncode:
        print(done.stdout.decode(errors="replace")[-2000:], file=sys.stderr)
        return None
    with sqlite3.connect(log) as db:
        row = db.execute(f"SELECT {', '.join(COLUMNS)} FROM certificates WHERE process IS NULL AND tid IS NULL").fetchone()
        findings = db.execute("SELECT count(*) FROM findings").fetchone()[0]
    return dict(zip(COLUMNS, row), findings=findings)


def judge(program, found):
    """What is wrong with it; None if nothing is."""
    if found is None:
        return "it failed"
    if found["complete"] != "yes" or found["findings"]:
        return f"complete: {found['complete']}, {found['findings']} findings"
    for origin in ("syscall", "inline", "unshimmed", "lost"):
        if found[origin] and origin not in program.may:
            return f"{found[origin]} {origin}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    bad = 0
    if os.geteuid() != 0:
        print("SKIP verified: eBPF needs root")
        return 0
    print("| program | kernel events | wrapped | shim | libc-internal | syscall | inline | complete |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for number, program in enumerate(PROGRAMS):
        if options.name and not any(name.lower() in program.name.lower() for name in options.name):
            continue
        if missing(program):
            print(f"SKIP {program.name}: {missing(program)} is not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="sigshim-verified-") as folder:
            os.chmod(folder, 0o777)
            log = os.path.join(os.getcwd() if options.keep else folder, f"verified{number}.db")
            found = run(program, folder, log)
        if found:
            cells = [f"{found[c]:,}" for c in "kernel wrapped shim libc_internal syscall inline".split()]
            print("| " + " | ".join([program.name, *cells, found["complete"]]) + " |", flush=True)
        wrong = judge(program, found)
        if wrong:
            print(f"WRONG {program.name}: {wrong}", flush=True)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
