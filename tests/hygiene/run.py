#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the cases of the rules from outside; see README.md.

  run.py            all rules
  run.py RULE...    these only
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
OUT = os.path.join(BUILD, "tests", "hygiene")
SIGSHIM = os.path.join(BUILD, "sigshim")
CC = os.environ.get("CC", "cc")
FLAGS = ["-I" + os.path.join(ROOT, "include")] + "-std=gnu11 -D_GNU_SOURCE -O0 -g -fno-omit-frame-pointer -Wall -Wextra -Wno-nonnull -pthread".split()
# Rules that need the kernel's view.
OPTIONS = {"arg-race": ["--verify"]}
STATUS = {"bad": 1, "good": 0, "unsure": 3}


def rules():
    """The ids of all rules, from their table."""
    with open(os.path.join(ROOT, "collector/hygiene/rules.def"), encoding="ascii") as file:
        return re.findall(r'^HYGIENE_RULE\(\w+, "([a-z-]+)"', file.read(), re.M)


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("SIGSHIM_", "LD_PRELOAD"))}


def build(rule):
    """Compiles a case; returns the program, or raises with the compiler's words."""
    os.makedirs(OUT, exist_ok=True)
    source, program = os.path.join(HERE, rule + ".c"), os.path.join(OUT, rule)
    library = source.replace(".c", ".lib.c")
    extra = []
    if os.path.exists(library):
        extra = [f"{program}.so", "-Wl,-rpath," + OUT]
        compile_one([CC, *FLAGS, "-shared", "-fPIC", "-o", extra[0], library])
    compile_one([CC, *FLAGS, "-o", program, source, *extra])
    return program


def compile_one(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode or done.stdout:
        raise RuntimeError(done.stdout)


def check(rule, program, variant):
    """What is wrong with the verdict on a variant; None when nothing is."""
    with tempfile.TemporaryDirectory(prefix="sigshim-hygiene-") as folder:
        report = os.path.join(folder, "report.json")
        done = subprocess.run(
            [SIGSHIM, "run", "-q", "--check", "--rules=" + rule, "--format=json", "--report=" + report,
             "--ring-size=64K", *OPTIONS.get(rule, []), "-o", os.path.join(folder, "log.db"), program, variant],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
            env=environment())
        if not os.path.exists(report):
            return f"{variant}: no report: {done.stdout}"
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
    found = {finding["rule"] for finding in told["findings"]}
    doubted = {name for doubt in told["inconclusive"] for name in doubt["rules"]}
    wrong = done.returncode != STATUS[variant] or (rule in found) != (variant == "bad") or \
        (variant != "bad" and (rule in doubted) != (variant == "unsure"))
    return f"{variant}: exit status {done.returncode}, {done.stdout}\n{json.dumps(told, indent=1)[:4000]}" if wrong else None


def run_case(rule):
    """All that is wrong with a rule's case, as text; empty when nothing is."""
    if not os.path.exists(os.path.join(HERE, rule + ".c")):
        return "it has no case: write tests/hygiene/" + rule + ".c"
    try:
        program = build(rule)
    except RuntimeError as error:
        return str(error)
    return "\n".join(filter(None, (check(rule, program, variant) for variant in STATUS)))


def main():
    chosen = sys.argv[1:] or rules()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for rule, wrong in zip(chosen, pool.map(run_case, chosen)):
            print(("FAILED  " if wrong else "ok      ") + rule + ("\n" + wrong if wrong else ""))
            failed += bool(wrong)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
