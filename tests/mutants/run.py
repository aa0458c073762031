#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows that the differential cases see something: builds the library with one
fault at a time, and wants the cases that are named for it to notice.

  run.py             all of *.mutant here
  run.py NAME...     these only

A mutant is a text file: comments, `cases:` (one of them has to notice),
`file:`, and a piece of that file, which has to be there exactly once, with
what stands in its place. BUILD is the build directory; faulty sources and
libraries go to BUILD/mutants/NAME.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "differential"))
import run as differential  # pylint: disable=wrong-import-position

TIMEOUT = 6
COMBINATIONS = ["ring-unwind", "absent"]


class Mutant:
    """One fault."""

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix(".mutant")
        with open(path, encoding="utf-8") as file:
            head, rest = file.read().split("--- replace\n")
        self.old, self.new = rest.split("--- with\n")
        fields = dict(re.findall(r"^(\w+): (.*)$", head, re.M))
        self.file, self.cases = fields["file"], fields["cases"].split()
        self.dir = os.path.join(BUILD, "mutants", self.name)
        if self.new == "\n":
            self.old, self.new = self.old.rstrip("\n"), ""

    def build(self, base):
        """The faulty library's path, and what is wrong with the mutant."""
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.copytree(base, self.dir)
        path = os.path.join(self.dir, self.file)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(self.old) != 1:
            return None, f"its text is {text.count(self.old)} times in {self.file}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(self.old, self.new))
        return make(self.dir)

    def caught(self, library):
        """The case that noticed, or None."""
        cases = [case for case in differential.all_cases(self.cases) if not case.missing()]
        with differential.Lab(library, TIMEOUT) as lab:
            for case in cases:
                if lab.compare(case, COMBINATIONS):
                    return case.name
        return None


def make(folder):
    """Builds the library of a folder."""
    done = subprocess.run(["make", "-s", "B=build", "build/libsigshim.so"], cwd=folder, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    library = os.path.join(folder, "build", "libsigshim.so")
    return (library, "") if done.returncode == 0 else (None, "does not compile:\n" + done.stdout[-2000:])


def make_base():
    """A copy of the sources with everything compiled, from which mutants are made."""
    base = os.path.join(BUILD, "mutants", "base")
    os.makedirs(base, exist_ok=True)
    for name in ("shim", "include", "tests/bench"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(base, name), dirs_exist_ok=True)
    shutil.copy2(os.path.join(ROOT, "Makefile"), base)
    library, why = make(base)
    if not library:
        raise RuntimeError("the library itself " + why)
    return base


def mutants(names=()):
    paths = [os.path.join(HERE, name + ".mutant") for name in names]
    return [Mutant(path) for path in paths or sorted(glob.glob(HERE + "/*.mutant"))]


def check(mutant, base):
    """(caught, a line about it)"""
    library, wrong = mutant.build(base)
    if wrong:
        return False, f"{mutant.name}: {wrong}"
    case = mutant.caught(library)
    shutil.rmtree(mutant.dir, ignore_errors=True)
    if not case:
        return False, f"{mutant.name}: not noticed by {' or '.join(mutant.cases)}"
    return True, f"{mutant.name}: noticed by {case}"


def main(names):
    base = make_base()
    failed = 0
    for mutant in mutants(names):
        caught, line = check(mutant, base)
        print(("caught  " if caught else "MISSED  ") + line, flush=True)
        failed += not caught
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
