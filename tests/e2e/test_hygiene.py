# SPDX-License-Identifier: BSD-2-Clause
"""Every rule has a case that triggers it, one that does not, and one that can't
be judged: tests/hygiene. One test a rule."""
import glob
import os
import unittest

import harness
from test_verify import REASON

hygiene = harness.load("hygiene")


class Hygiene(unittest.TestCase):
    """test_X is tests/hygiene/X.c."""

    def test_no_case_is_left_over(self):
        cases = {os.path.basename(path).split(".")[0] for path in glob.glob(hygiene.HERE + "/*.c")}
        self.assertEqual(cases - set(hygiene.rules()), set())


def add(rule):
    def test(self):
        if rule in hygiene.OPTIONS and REASON:
            self.skipTest(REASON)
        wrong = hygiene.run_case(rule)
        if wrong:
            self.fail("\n" + wrong)
    setattr(Hygiene, "test_" + rule.replace("-", "_"), test)


for each in hygiene.rules():
    add(each)

if __name__ == "__main__":
    harness.main()
