# SPDX-License-Identifier: BSD-2-Clause
"""Root file systems of Debian's suites, made from packages by
tests/portable/make_root and kept in ~/.cache/sigshim. For test_portable and
test_aarch64."""
import os
import subprocess
import unittest

import harness

MAKE_ROOT = os.path.join(harness.ROOT, "tests", "portable", "make_root")
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sigshim", "rootfs")


def make_debian(suite, architecture, packages, name=""):
    """The path of a suite's root file system. Skips when it can't be reached."""
    root = os.path.join(CACHE, f"{suite}-{architecture}{name}")
    os.makedirs(CACHE, exist_ok=True)
    with harness.alone(root):
        made = subprocess.run([MAKE_ROOT, suite, root, *packages], check=False, text=True,
                              env={**os.environ, "ARCH": architecture}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode == 3:
        raise unittest.SkipTest(made.stderr.splitlines()[-1])
    if made.returncode:
        raise AssertionError(made.stderr)
    return root
