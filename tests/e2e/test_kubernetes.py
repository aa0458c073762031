# SPDX-License-Identifier: BSD-2-Clause
"""The manifests of conf/kubernetes: what Kubernetes' schemas say of them, and
whether they agree with each other and with `sigshim inject`. They are not run."""
import glob
import os
import re
import shutil

import harness

FOLDER = os.path.join(harness.ROOT, "conf", "kubernetes")
MODELS = os.path.join(harness.ROOT, "tests", "e2e", "kubernetes_models.py")
PYTHON = "/usr/bin/python3"


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


class Manifests(harness.TestCase):
    """By the client library's models, in Debian's Python."""

    def models(self, *files):
        if not os.path.exists(PYTHON):
            self.skipTest("not installed: python3-kubernetes")
        done = self.plain([PYTHON, MODELS, *files])
        if "No module named" in done.stderr:
            self.skipTest("not installed: python3-kubernetes")
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_they_are_what_kubernetes_takes(self):
        files = sorted(glob.glob(FOLDER + "/*.yaml"))
        self.assertEqual(len(files), 4)
        self.assertEqual(self.models(*files), (0, "\n"))

    def test_mistakes_are_found(self):
        text = read("collector.yaml")
        for right, wrong in (("hostPID", "hostPid"), ("mountPath", "mountpath"), ("drop: [ALL]", "dropped: [ALL]"),
                             ("selector:", "selectors:")):
            self.assertIn(right, text)
            with open(self.path(wrong[:6]), "w", encoding="utf-8") as file:
                file.write(text.replace(right, wrong, 1))
        wrong = sorted(glob.glob(self.path("*")))
        status, output = self.models(*wrong)
        self.assertEqual((len(wrong), status), (4, 1))
        for name in wrong:
            self.assertIn(name + ": V1DaemonSet", output)


class Agreement(harness.TestCase):
    """The same folders everywhere."""

    def test_a_patched_pod_gets_what_inject_would_give(self):
        os.makedirs(self.path("lib"))
        shutil.copy(harness.LIBRARY, self.path("lib"))
        flags = self.sigshim("inject", "env", "--shim", self.path("lib/libsigshim.so"), "--socket",
                             "/run/sigshim/collector.sock").stdout
        patch, collector = read("pod-patch.yaml"), read("collector.yaml")
        for name, value in re.findall(r"^-e (\w+)=(\S+)$", flags, re.M):
            self.assertRegex(patch, f"name: {name}\n *value: {re.escape(value)}\n")
        places = re.findall(r"^-v \S+:(\S+):ro$", flags, re.M)
        self.assertEqual(re.findall(r"mountPath: (\S+)\n *readOnly: true", patch), places)
        for path in re.findall(r"path: (\S+)\n", patch):
            self.assertIn(f"path: {path}\n", collector)
        self.assertIn("--socket=/run/sigshim/" + os.path.basename(re.search(r"SOCKET\n *value: (\S+)", patch)[1]), collector)

    def test_annotation_and_device_are_those_of_inject(self):
        os.makedirs(self.path("lib"))
        shutil.copy(harness.LIBRARY, self.path("lib"))
        options = ["--shim", self.path("lib/libsigshim.so"), "--socket", "/run/sigshim/collector.sock"]
        hook = self.sigshim("inject", "oci-hook", "--print-hook", *options).stdout
        annotation = re.search(r'"\^(sigshim.*?)\$"', hook)[1].replace("\\\\.", ".")
        self.assertIn(f'{annotation}: "true"', read("pod-runtime-class.yaml"))
        kind = re.search(r'"kind": *"(.*?)"', self.sigshim("inject", "cdi", *options).stdout)[1]
        self.assertIn(f"- {kind}=default", read("pod-nri.yaml"))


if __name__ == "__main__":
    harness.main()
