# SPDX-License-Identifier: BSD-2-Clause
"""The suites that suites.py knows. A suite is a source package (or none), a
script that builds it in the current folder, and one that runs it: HERE is the
folder then (or the current one, with nothing but `files` copied to it), and each test's result is a line
`result NAME RESULT`, or what `result` matches."""


class Suite:
    """One row."""

    def __init__(self, name, run, needs=(), source=None, build=None, nobody=False, files=(), timeout=900,
                 result=r"^result (\S+) (.*)$", good=("0",)):
        self.name, self.run, self.needs, self.source, self.build = name, run, needs, source, build
        self.nobody, self.files, self.timeout, self.result, self.good = nobody, files, timeout, result, good


PYTHON = "/usr/bin/python3"
CPYTHON = "test_signal test_threadsignals test_subprocess test_posix test_faulthandler"
STRESSORS = ("sigabrt sigchld sigfd sigfpe sigio signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend "
             "sigtrap fork vfork clone pthread context schedpolicy")

SUITES = [
    Suite("cpython", f"for t in {CPYTHON}; do {PYTHON} -m test -v $t; echo result $t $?; done",
          needs=[PYTHON, "/usr/lib/python3.11/test/test_signal.py"],
          result=r"^(?:result (?=test_\w+ \d+$))?(test_\w+(?: \([\w.]+\))?)(?: \.\.\.)? (ok|FAIL|ERROR|skipped.*|expected failure|\d+)$",
          good=("ok", "0")),
    Suite("stress-ng", f"for s in {STRESSORS}; do stress-ng --$s 1 --timeout 2s --verify; echo result $s $?; done",
          needs=["stress-ng"]),
    # Each script compares its output with what it should be; what it says of a difference counts as well.
    Suite("bash", """
cp -r "$HERE/source/tests" . && cd tests && PATH=$PWD:$PATH && cp "$HERE"/bin/* . && export PATH
export THIS_SH=/bin/bash BUILD_DIR="$HERE/source" BASH_TSTOUT="$TMPDIR/tstout"
for t in run-*; do
	case $t in run-all|run-minimal|run-gprof|run-read) continue ;; esac
	timeout 120 sh ./$t >out 2>&1
	echo result $t $? $(wc -l <out) lines
done""", needs=["/bin/bash", "cc", "apt-get", "dpkg-source"], source="bash", build="""
mkdir bin stub
touch stub/config.h stub/bashansi.h
for tool in recho zecho printenv xcase; do
	cc -w -Istub -D_GNU_SOURCE -DHAVE_UNISTD_H -DHAVE_STDLIB_H -include unistd.h -include stdlib.h -include stdio.h \
		-include string.h -o bin/$tool source/support/$tool.c
done""", good=("0 0 lines",)),
    Suite("libuv", r"""
cd "$TMPDIR"
for t in $(sed -n 's/^ *TEST_ENTRY *(\([a-z0-9_]*\)).*/\1/p' test-list.h |
		grep -E 'signal|spawn|fork|kill|process|thread|loop_|timer|async|poll|stdio|pipe'); do
	timeout 60 ./uv_run_tests_a $t >out 2>&1
	echo result $t $?
done""", needs=["cmake", "make", "cc", "apt-get", "dpkg-source", "setpriv"], source="libuv1", nobody=True,
          files=["build/uv_run_tests_a", "source/test/test-list.h"], build="""
mkdir build && cd build && cmake -DCMAKE_BUILD_TYPE=RelWithDebInfo ../source && make -j2 uv_run_tests_a"""),
    Suite("libevent", r"""
cd "$TMPDIR"
for t in $("$HERE/build/bin/regress" --list-tests | grep -E '^ +(main|signal|thread|evtag|et|bufferevent)/' |
		grep -v thread_deferred_cb_skew); do
	timeout 60 "$HERE/build/bin/regress" --quiet "$t" >out 2>&1
	echo result $t $?
done""", needs=["cmake", "make", "cc", "apt-get", "dpkg-source"], source="libevent", build="""
mkdir build && cd build && cmake -DEVENT__DISABLE_OPENSSL=ON -DEVENT__DISABLE_MBEDTLS=ON -DEVENT__DISABLE_SAMPLES=ON \
	-DEVENT__DISABLE_BENCHMARK=ON -DEVENT__LIBRARY_TYPE=STATIC ../source && make -j2 regress"""),
]
