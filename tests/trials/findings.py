#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Watches programs do ordinary work (work_list.py) under `sigshim run --check`
and tells what the rules find in them.

  tests/trials/findings.py [--keep FOLDER] [--severity=LEVEL] [-v] [NAME]...

A finding is known when docs/FINDINGS.md has a heading `PROGRAM: RULE, ...` for it;
exit status 1 when one is not known, or the work failed. -v prints all reports.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from suites import ALONE, AS_NOBODY, ROOT, SIGSHIM, clean_environment
from work_list import WORK

RUSTUP = os.environ.get("RUSTUP_HOME") or os.path.expanduser("~/.rustup")


def known_findings():
    with open(os.path.join(ROOT, "docs", "FINDINGS.md"), encoding="utf-8") as file:
        headings = re.findall(r"^### (.*)$", file.read(), re.M)
    split = [heading.rpartition(": ") for heading in headings]
    return {(program, rule) for program, _, rules in split for rule in rules.split(", ")}


def watch(work, options):
    """The report of one run, and the work's exit status."""
    user = AS_NOBODY if work.nobody else []
    with tempfile.TemporaryDirectory(prefix="sigshim-work-") as place, \
            tempfile.TemporaryDirectory(prefix="sigshim-log-") as beside:
        os.chmod(place, 0o777)
        os.chmod(beside, 0o777)
        log, report = os.path.join(beside, "log.db"), os.path.join(beside, "report.json")
        home = os.path.join(place, "home")
        os.mkdir(home)
        os.chmod(home, 0o777)
        try:
            done = subprocess.run(
                [*ALONE, *user, SIGSHIM, "run", "--quiet", "--follow", "-o", log, "--check",
                 "--severity=" + options.severity, "--format=json", "--report=" + report, "--error-exitcode=250",
                 "--", "sh", "-ec", work.script],
                cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=work.timeout, check=False, env=clean_environment(HOME=home, TMPDIR=home, RUSTUP_HOME=RUSTUP))
        except subprocess.TimeoutExpired as late:
            return None, "none in time", late.stdout or b""
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            for path in filter(os.path.exists, (log, report)):
                shutil.copy(path, os.path.join(options.keep, work.name + os.path.splitext(path)[1]))
        if not os.path.exists(report):
            return None, done.returncode, done.stdout
        with open(report, encoding="utf-8") as file:
            return json.load(file), done.returncode, done.stdout


def print_stack(call):
    print(f"          {call['role']}: {call['event']}")
    for frame in call["stack"][:8]:
        place = os.path.basename(frame.get("module") or "?")
        line = f" {os.path.basename(frame['file'])}:{frame['line']}" if frame.get("file") else ""
        print(f"             {frame.get('function') or '??'} ({place}){line}")


def show(work, report, known, verbose):
    """Prints the findings; returns how many are not known."""
    new = 0
    for finding in report["findings"]:
        program, rule = finding["comm"], finding["rule"]
        is_known = (program, rule) in known
        new += not is_known
        print(f"  {'known' if is_known else 'NEW':6}{finding['severity']:8}{finding['count']:6} x  "
              f"{program}: {rule}: {finding['message']}")
        if verbose or not is_known:
            for call in finding["calls"]:
                print_stack(call)
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--keep", metavar="FOLDER", help="keep logs and reports there")
    parser.add_argument("--severity", default="note")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    known, bad = known_findings(), 0
    if os.geteuid() != 0:
        print("SKIP findings: a pid namespace is for root")
        return 0
    for work in WORK:
        if options.name and work.name not in options.name:
            continue
        missing = [tool for tool in work.needs if not (shutil.which(tool) or os.path.exists(tool))]
        if missing:
            print(f"SKIP {work.name}: {missing[0]} is not installed", flush=True)
            continue
        report, status, text = watch(work, options)
        if not report or status not in (0, 3, 250):
            print(f"FAILED {work.name}: exit status {status}\n" + text.decode(errors="replace")[-2000:], flush=True)
            bad += 1
            continue
        print(f"{work.name}: {report['verdict']}", flush=True)
        bad += show(work, report, known, options.verbose)
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
