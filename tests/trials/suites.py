#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs other people's test suites natively and under `sigshim run`, and tells
which of their tests end differently. What is not installed is fetched as
source by apt-get and built in ~/.cache/sigshim/suites.

  tests/trials/suites.py [--events=core,all] [--keep] [SUITE]...

Both run in pid namespaces of their own, one after the other. A suite in which
a test differs runs twice more each way; only a test whose results natively
never occur under sigshim differs. Exit status 1 when one does. --keep keeps
what was printed, and the logs, in the cache.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

from suite_list import SUITES

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIGSHIM = os.path.join(os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"))), "sigshim")
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sigshim", "suites")
ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Skip(Exception):
    """The suite can't run here."""


def clean_environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("SIGSHIM_") and k not in ("LD_PRELOAD", "MAKEFLAGS")}
    return {**env, "LC_ALL": "C.UTF-8", **more}


def shell(script, folder, log, **env):
    with open(log, "ab") as out:
        return subprocess.run(["sh", "-euc", script], cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT, env=clean_environment(**env), check=False).returncode


FETCH = r"""
mkdir -p apt/parts apt/lists/partial apt/cache/archives/partial
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
	[ ! -f "$list" ] || sed -e 's/^deb /deb-src /' -e 's/^Types:.*/Types: deb-src/' "$list" >"apt/parts/$(basename "$list")"
done
set -- -q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$PWD/apt/parts" \
	-o "Dir::State::Lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=root
apt-get "$@" update || true
apt-get "$@" --only-source source "$SOURCE"
rm -rf apt
mv "$SOURCE"-*/ source
"""


def prepare(suite):
    """The suite's folder, with its source in `source`, built. Skips when that can't be."""
    for tool in suite.needs:
        if not (shutil.which(tool) or os.path.exists(tool)):
            raise Skip(f"{tool} is not installed")
    folder = os.path.join(CACHE, suite.name)
    log = folder + ".log"
    if os.path.exists(folder + ".complete"):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.path.exists(log) and os.unlink(log)
    if suite.source and shell(FETCH, folder, log, SOURCE=suite.source):
        raise Skip(f"apt-get can't fetch the source package {suite.source} (see {log})")
    if suite.build and shell(suite.build, folder, log):
        raise Skip(f"it can't be built (see {log})")
    with open(folder + ".complete", "wb"):
        return folder


def run(suite, folder, events, number):
    """One run: the result of each test, and the exit status. events None: natively."""
    way = events or "native"
    # The log is not where the tests are: some watch their folder.
    with tempfile.TemporaryDirectory(prefix="sigshim-suite-") as place, \
            tempfile.TemporaryDirectory(prefix="sigshim-log-") as beside:
        os.chmod(place, 0o777)
        os.chmod(beside, 0o777)
        for path in suite.files:
            shutil.copy(os.path.join(folder, path), place)
        log = os.path.join(beside, "log.db")
        script = ["sh", "-c", suite.run]
        if events:
            script = [SIGSHIM, "run", "--quiet", "-o", log, "--events=" + events, "--", *script]
        user = AS_NOBODY if suite.nobody else []
        printed = os.path.join(CACHE, f"{suite.name}.{way}.{number}.txt")
        with open(printed, "wb") as out:
            try:
                subprocess.run([*ALONE, *user, *script], cwd=place, stdin=subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.STDOUT, timeout=suite.timeout, check=False,
                               env=clean_environment(HERE=place if suite.files else folder, TMPDIR=place, HOME=place))
            except subprocess.TimeoutExpired:
                out.write(b"\nresult suite stopped\n")
        if events and os.path.exists(log):
            integrity(log)
            if KEEP:
                shutil.copy(log, os.path.join(CACHE, f"{suite.name}.{way}.db"))
    with open(printed, encoding="utf-8", errors="replace") as file:
        return dict(re.findall(suite.result, file.read(), re.M))


def integrity(log):
    import sqlite3  # pylint: disable=import-outside-toplevel
    with sqlite3.connect(log) as db:
        answer = db.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        print(f"    the log is broken: {answer}", flush=True)


def compare(suite, folder, events, native):
    """Prints the tests that differ; returns how many. native: lists of results, added to."""
    shimmed = [run(suite, folder, events, 0)]
    if not native:
        native.append(run(suite, folder, None, 0))

    def differing():
        names = {name for results in native + shimmed for name in results}
        return {name for name in names if not {r.get(name) for r in native} & {r.get(name) for r in shimmed}}

    for number in (1, 2):
        if not differing():
            break
        native.append(run(suite, folder, None, number))
        shimmed.append(run(suite, folder, events, number))
    bad = differing()
    for name in sorted(bad):
        print(f"    {name}: natively {native[0].get(name)}, under sigshim {shimmed[0].get(name)}", flush=True)
    passed = sum(result in suite.good for result in native[0].values())
    print(f"{'DIFFERS' if bad else 'same':8}{suite.name:16}{events:6}{len(native[0]):5} tests, {passed} pass natively, "
          f"{len(bad)} differ", flush=True)
    return len(bad) + (not native[0])


def main():
    global KEEP  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--events", default="core,all")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("suite", nargs="*")
    options = parser.parse_args()
    KEEP, bad = options.keep, 0
    if os.geteuid() != 0:
        print("SKIP suites: a pid namespace is for root")
        return 0
    os.makedirs(CACHE, exist_ok=True)
    for suite in SUITES:
        if options.suite and suite.name not in options.suite:
            continue
        try:
            folder, native = prepare(suite), []
        except Skip as reason:
            print(f"SKIP    {suite.name}: {reason}", flush=True)
            continue
        bad += sum(compare(suite, folder, events, native) for events in options.events.split(","))
    return 1 if bad else 0


KEEP = False
if __name__ == "__main__":
    sys.exit(main())
