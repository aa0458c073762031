# SPDX-License-Identifier: BSD-2-Clause
"""Ordinary work of programs that findings.py watches: a shell script each, run
in an empty folder of its own, with HOME and TMPDIR there. It ends with status 0
when the work was done."""


class Work:
    """One row. nobody: not as root, which the program refuses."""

    def __init__(self, name, script, needs=(), nobody=False, timeout=300):
        self.name, self.script, self.needs, self.nobody, self.timeout = name, script, needs, nobody, timeout


# Waits until a command succeeds.
UNTIL = 'until_done() { n=0; until "$@" >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 600 ] || return 1; sleep 0.1; done; }\n'

PYTHON = r"""
cat >work.py <<'END'
import asyncio, concurrent.futures, multiprocessing, os, signal, socket, subprocess, threading, time

def square(n):
    return n * n

async def talk():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    child = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert (await child.communicate(b"text"))[0] == b"text"

if __name__ == "__main__":
    subprocess.run(["true"], check=True)
    subprocess.run("yes | head -n 3", shell=True, check=True, stdout=subprocess.DEVNULL)
    os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
    os.system("true")
    os.popen("echo text").read()
    with multiprocessing.Pool(2) as pool:
        pool.map(square, range(20))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(square, range(4))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(square, range(20)))
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    signal.pause()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    os.kill(os.getpid(), signal.SIGUSR2)
    signal.sigwait([signal.SIGUSR2])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])
    asyncio.run(talk())
END
/usr/bin/python3 work.py
/usr/bin/python3 -m venv --without-pip venv && venv/bin/python -c 'import sqlite3, ssl, json'
"""

BASH = r"""
cat >work.sh <<'END'
set -m
trap 'echo usr1' USR1
trap 'echo bye' EXIT
sleep 0.1 & sleep 0.2 &
wait
kill -USR1 $$
x=$(ls / | sort | head -n 2); printf '%s\n' "$x"
yes | head -n 1
(cd / && ls | wc -l) | cat
coproc cat; echo hello >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; kill $COPROC_PID; wait
for i in 1 2 3; do ( exit $i ) ; done
timeout 0.2 sleep 5
exec /bin/true
END
bash work.sh >/dev/null
bash -ic 'echo text; true' </dev/null >/dev/null 2>&1
bash -c 'trap "" INT; sleep 0.1; nohup true; (trap - INT; sleep 0.1)' >/dev/null 2>&1
echo 'sleep 0.1 & fg; jobs; history; exit' | script -qc 'bash -i' /dev/null >/dev/null 2>&1
"""

NGINX = UNTIL + r"""
mkdir logs html && echo text >html/index.html
cat >nginx.conf <<END
worker_processes 2;
pid $PWD/nginx.pid;
error_log $PWD/logs/error.log;
events { worker_connections 64; }
http {
	access_log $PWD/logs/access.log;
	client_body_temp_path $PWD/body; proxy_temp_path $PWD/proxy; fastcgi_temp_path $PWD/fastcgi;
	uwsgi_temp_path $PWD/uwsgi; scgi_temp_path $PWD/scgi;
	server { listen 127.0.0.1:18080; location / { root $PWD/html; } }
}
END
get() { /usr/bin/python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:18080/").read()'; }
/usr/sbin/nginx -p "$PWD" -c "$PWD/nginx.conf" -e logs/start.log
until_done get
for i in 1 2 3; do get; done
kill -HUP "$(cat nginx.pid)"; sleep 1; get
kill -USR1 "$(cat nginx.pid)"; get
kill -QUIT "$(cat nginx.pid)"
until_done test ! -e nginx.pid
"""

REDIS = UNTIL + r"""
redis-server --port 16379 --dir "$PWD" --save 1 1 --daemonize yes --pidfile "$PWD/redis.pid" --logfile "$PWD/redis.log"
until_done redis-cli -p 16379 ping
redis-cli -p 16379 set key value
redis-cli -p 16379 bgsave
redis-cli -p 16379 bgrewriteaof
redis-cli -p 16379 eval 'return redis.call("get", "key")' 0
command -v redis-benchmark >/dev/null && redis-benchmark -p 16379 -n 2000 -q -t set,get >/dev/null
sleep 1
kill -TERM "$(cat redis.pid)"
until_done test ! -e redis.pid
"""

POSTGRES = UNTIL + r"""
PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1):$PATH
initdb -D data -A trust >/dev/null
pg_ctl -D data -l log -o "-k $PWD -p 15432 -c listen_addresses=" -w start >/dev/null
sql() { psql -q -h "$PWD" -p 15432 -d postgres "$@" >/dev/null; }
sql -c 'create table t as select generate_series(1, 20000) as n' -c 'vacuum analyze t' -c 'create index on t(n)'
sql -c 'set max_parallel_workers_per_gather = 2' -c 'set parallel_setup_cost = 0' -c 'set parallel_tuple_cost = 0' \
	-c 'set min_parallel_table_scan_size = 0' -c 'select count(*) from t'
sql -c 'select pg_sleep(30)' & sleep 1
sql -c "select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)' and pid <> pg_backend_pid()"
wait $! || true
sql -c 'checkpoint' -c "copy t to program 'cat >/dev/null'" -c 'listen a' -c 'notify a'
pg_ctl -D data reload >/dev/null
pg_ctl -D data -w -m fast stop >/dev/null
"""

NODE = r"""
cat >work.js <<'END'
const { spawn, spawnSync, execSync, fork } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (process.argv[2] === 'child') { process.send('text'); process.disconnect(); }
else if (!isMainThread) { parentPort.postMessage('text'); }
else {
	execSync('yes | head -n 1');
	spawnSync('true');
	spawn('cat').on('close', () => {}).stdin.end('text');
	fork(__filename, ['child']);
	new Worker(__filename);
	process.on('SIGUSR2', () => {});
	process.kill(process.pid, 'SIGUSR2');
	require('fs').readFile(__filename, () => {});
	require('crypto').pbkdf2('a', 'b', 1000, 32, 'sha256', () => {});
	require('http').createServer((q, s) => s.end('text')).listen(0, '127.0.0.1', function () {
		const server = this;
		require('http').get({ port: this.address().port, host: '127.0.0.1' }, r => r.resume().on('end', () => server.close()));
	});
	setTimeout(() => {}, 300);
}
END
node work.js
"""

JAVA = r"""
cat >Work.java <<'END'
import java.util.concurrent.*;
public class Work {
	public static void main(String[] a) throws Exception {
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {}));
		new ProcessBuilder("true").start().waitFor();
		new ProcessBuilder("sh", "-c", "yes | head -n 1").start().waitFor();
		ExecutorService pool = Executors.newFixedThreadPool(4);
		for (int i = 0; i < 50; i++) pool.submit(() -> { byte[] b = new byte[1 << 20]; return b.length; }).get();
		pool.shutdown();
		try { Object o = null; o.hashCode(); } catch (NullPointerException e) { }
		try { deep(0); } catch (StackOverflowError e) { }
		System.gc();
	}
	static int deep(int n) { return deep(n + 1) + 1; }
}
END
javac Work.java
java -cp . Work
java -XX:+UseSerialGC -cp . Work
"""

GIT = r"""
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost GIT_PAGER=cat
git init -q repository && cd repository
seq 2000 >file && git add file && git commit -qm first
git checkout -qb other && echo more >>file && git commit -qam second
git log -p >/dev/null && git diff HEAD~ >/dev/null && git grep -q 1999
git gc -q && git fsck >/dev/null && git archive HEAD | tar t >/dev/null
cd .. && git clone -q repository copy && cd copy
echo again >>file && git commit -qam third && git push -q origin HEAD:third && git fetch -q && git rebase -q origin/other
git -p -c core.pager='head -n 1' log >/dev/null
git stash list && git status >/dev/null && git submodule status
"""

TMUX = UNTIL + r"""
export TERM=xterm TMUX_TMPDIR=$PWD SHELL=/bin/sh
tmux -f /dev/null new-session -d -s work -x 80 -y 24 'bash --norc'
tmux send-keys -t work 'echo text; sleep 0.1 & wait' Enter
tmux split-window -t work 'sleep 2'
tmux new-window -t work 'top -b -n 1'
tmux run-shell 'true'
tmux pipe-pane -t work 'cat >/dev/null'
tmux if-shell true 'display-message text' || true
script -qc 'timeout 2 tmux attach -t work' /dev/null >/dev/null 2>&1 </dev/null || true
tmux capture-pane -t work -p >/dev/null
sleep 2
tmux kill-server
"""

SSHD = UNTIL + r"""
ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub keys
chmod 700 . && chmod 600 keys
mkdir -p /run/sshd
/usr/sbin/sshd -f /dev/null -h "$PWD/host" -p 12222 -o ListenAddress=127.0.0.1 -o AuthorizedKeysFile="$PWD/keys" \
	-o PidFile="$PWD/sshd.pid" -o StrictModes=no -o PermitRootLogin=yes -E "$PWD/log" \
	-o 'Subsystem=sftp internal-sftp'
until_done test -s sshd.pid
remote() { ssh -F /dev/null -i key -p 12222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=known "$@"; }
remote -n 127.0.0.1 'echo text; yes | head -n 1'
remote -tt 127.0.0.1 'tty; sleep 0.1' </dev/null
seq 100000 | remote 127.0.0.1 'cat >/dev/null'
echo 'ls' | sftp -q -F /dev/null -i key -P 12222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=known 127.0.0.1
kill -HUP "$(cat sshd.pid)"; sleep 1
until_done test -s sshd.pid
remote -n 127.0.0.1 true
kill "$(cat sshd.pid)"
"""

WESTON = UNTIL + r"""
mkdir -m 700 runtime && export XDG_RUNTIME_DIR=$PWD/runtime
weston --backend=headless-backend.so --socket=work --idle-time=0 >log 2>&1 &
pid=$!
until_done test -S runtime/work
WAYLAND_DISPLAY=work timeout 5 weston-info >/dev/null 2>&1 || true
sleep 2
kill $pid; wait $pid || true
"""

RUST = r"""
cat >work.rs <<'END'
use std::process::Command;
fn main() {
	Command::new("true").status().unwrap();
	std::thread::spawn(|| println!("text")).join().unwrap();
	Command::new("sh").args(["-c", "yes | head -n 1"]).output().unwrap();
}
END
rustc -o work work.rs
./work
"""

WORK = [
    Work("python3", PYTHON, ["/usr/bin/python3"]),
    Work("bash", BASH, ["bash", "script"]),
    Work("nginx", NGINX, ["/usr/sbin/nginx", "/usr/bin/python3"]),
    Work("redis", REDIS, ["redis-server", "redis-cli"]),
    Work("postgres", POSTGRES, ["psql", "/usr/lib/postgresql"], nobody=True),
    Work("node", NODE, ["node"]),
    Work("java", JAVA, ["java", "javac"]),
    Work("git", GIT, ["git"]),
    Work("tmux", TMUX, ["tmux", "script"]),
    Work("sshd", SSHD, ["/usr/sbin/sshd", "ssh"]),
    Work("weston", WESTON, ["weston"]),
    Work("rust", RUST, ["rustc"]),
]
