# SPDX-License-Identifier: BSD-2-Clause
"""The library is invisible: every case of tests/differential shows the same
natively and under it. One test a case; all run once, two at a time."""
import sys
import unittest

import harness

differential = harness.load("differential")


class Differential(unittest.TestCase):
    """test_X is case_X.c; the first of them runs all."""

    failed = None

    @classmethod
    def results(cls):
        if cls.failed is None:
            chosen = [case for case in differential.all_cases(wanted()) if not case.missing()]
            with differential.Lab() as lab:
                cls.failed = {} if lab.collector else {"collector": "it could not be started"}
                cls.failed.update(differential.compare_all(lab, chosen))
        return cls.failed

    def test_collector(self):
        """It ran through all of this, and ended as it was told."""
        self.assertNotIn("collector", self.results(), self.results().get("collector"))


def wanted():
    """The cases that the command line names, or all."""
    names = [name.split(".test_", 1)[1] for name in sys.argv[1:] if ".test_" in name]
    return [name for name in names if name != "collector"]


def add(case):
    def test(self):
        if case.missing():
            self.skipTest(case.missing())
        failed = self.results()
        if case.name in failed:
            self.fail("\n" + failed[case.name])
    setattr(Differential, case.name.replace("case_", "test_"), test)


for each in differential.all_cases():
    add(each)

if __name__ == "__main__":
    harness.main()
