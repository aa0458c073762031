# SPDX-License-Identifier: BSD-2-Clause
"""The differential cases see something: each fault of tests/mutants, built
into the library, is noticed. One test a fault."""
import importlib.util
import os
import unittest

import harness

PATH = os.path.join(harness.ROOT, "tests", "mutants", "run.py")
SPEC = importlib.util.spec_from_file_location("mutants", PATH)
mutants = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(mutants)


class Mutants(unittest.TestCase):
    """test_X is X.mutant."""

    base = None

    @classmethod
    def setUpClass(cls):
        cls.base = mutants.make_base()


def add(mutant):
    def test(self):
        caught, line = mutants.check(mutant, self.base)
        self.assertTrue(caught, line)
    setattr(Mutants, "test_" + mutant.name, test)


for each in mutants.mutants():
    add(each)

if __name__ == "__main__":
    harness.main()
