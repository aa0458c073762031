# SPDX-License-Identifier: BSD-2-Clause
"""The differential cases see something: each fault of tests/mutants, built
into the library, is noticed. One test a fault."""
import unittest

import harness

mutants = harness.load("mutants")


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
