# SPDX-License-Identifier: BSD-2-Clause
"""Some of other people's tests, natively and under sigshim; all of them are in
`make trials` (tests/trials/suites.py)."""
import glob
import os
import unittest

import harness

# Not those that want something to have happened within two seconds.
THREADS = "test_signals test_lock_acquire_retries_on_intr test_rlock_acquire_retries_on_intr".split()
CPYTHON = [*("test.test_threadsignals.ThreadSignals." + name for name in THREADS),
           "test.test_signal.PendingSignalsTests", "test.test_signal.WakeupSignalTests"]


class Suites(harness.TestCase):
    """One test a suite."""

    @unittest.skipUnless(glob.glob("/usr/lib/python3*/test/test_signal.py") and os.path.exists("/usr/bin/python3"),
                         "not installed: libpython3-testsuite")
    def test_cpython(self):
        command = ["/usr/bin/python3", "-m", "unittest", *CPYTHON]
        plain = self.plain(command)
        for transport in ("ring", "socket"):
            self.record(command, "--events=all", status=plain.returncode, log=transport + ".db",
                        env={"SIGSHIM_TRANSPORT": transport})


if __name__ == "__main__":
    harness.main()
