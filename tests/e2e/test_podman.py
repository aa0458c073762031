# SPDX-License-Identifier: BSD-2-Clause
"""podman with runc: each way to inject into its containers, and the docs' own
commands. Storage, state and configuration are the test's own; only a CDI
specification is put where podman looks for it, and taken away again."""
import glob
import json
import os
import shutil
import subprocess
import unittest

import harness
import test_portable

SCRIPT = "trap 'echo caught' USR1; kill -USR1 $$; echo preload $LD_PRELOAD"
INJECTED, PLAIN = "caught\npreload /.sigshim/lib/libsigshim.so\n", "caught\npreload\n"
CONFIGURATION = """[containers]
default_ulimits=[]
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
"""
ANNOTATION = "sigshim.dev/inject=true"
CDI = "/run/cdi"


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("containers without a user's set-up are for root")
    missing = [tool for tool in ("podman", "runc", "conmon") if not harness.find(tool)]
    if missing:
        raise unittest.SkipTest("not installed: " + ", ".join(missing))
    test_portable.setUpModule()


class Podman(harness.TestCase):
    """Containers of Debian 12 whose /usr is a suite's files."""

    def setUp(self):
        super().setUp()
        files = test_portable.make_debian("bookworm", "amd64", test_portable.PACKAGES)
        for folder in ("shim", "run", "rootfs/test", "rootfs/proc", "rootfs/sys", "rootfs/dev", "rootfs/etc",
                       "rootfs/run", "rootfs/tmp"):
            os.makedirs(self.path(folder))
        for part in ("bin", "sbin", "lib", "lib64"):
            os.symlink("usr/" + part, self.path("rootfs/" + part))
        shutil.copy(test_portable.PORTABLE, self.path("shim"))
        with open(self.path("containers.conf"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION)
        self.volume = files + "/usr:/usr:ro"
        self.settings = ["--shim", self.path("shim/libsigshim.so"), "--socket", self.path("run/c.sock")]
        self.process, _ = self.collector(socket="run/c.sock")

    def command(self, *arguments, **kw):
        """podman, with everything of its own in the test's folder."""
        return self.plain(["podman", "--root", self.path("root"), "--runroot", self.path("runroot"), "--tmpdir",
                           self.path("tmp"), "--storage-driver=vfs", *arguments],
                          env=self.environment(CONTAINERS_CONF=self.path("containers.conf")), **kw)

    def podman(self, options, *arguments, output=INJECTED, image=None):
        """Runs one container; returns its id."""
        done = self.command(*options, "run", "--rm", "--network=none", "--cidfile", self.path("cid"), "-v", self.volume,
                            *arguments, *([image] if image else ["--rootfs", self.path("rootfs")]), "/bin/bash", "-c", SCRIPT)
        self.assertEqual((done.returncode, done.stdout.replace("preload \n", "preload\n")), (0, output), done.stderr)
        with open(self.path("cid"), encoding="ascii") as file:
            ident = file.read().strip()
        os.unlink(self.path("cid"))
        return ident

    def recorded(self):
        """The containers that are in the log, of whose records each has a stack to main's caller."""
        self.assertEqual(self.stop(self.process), 0)
        events = self.query(self.path("collected.db"))
        for event in events:
            names = {frame["function"] for frame in event["stack"]}
            self.assertTrue(event["event"].startswith("thread_") or "__libc_start_main_impl" in names
                            or "__libc_start_main" in names, event)
        return {event["container"] for event in events}

    def test_flags(self):
        flags = self.sigshim("inject", "env", *self.settings).stdout.split()
        ident = self.podman([], *flags)
        self.podman([], output=PLAIN)
        self.assertEqual(self.recorded(), {ident})

    def test_a_device(self):
        taken = [name for folder in (CDI, "/etc/cdi") for name in glob.glob(folder + "/*")
                 if "sigshim.dev/shim" in open(name, encoding="utf-8").read()]
        if taken:
            self.skipTest("there is a specification of the same device already: " + taken[0])
        path = os.path.join(CDI, os.path.basename(self.dir) + ".json")
        if not os.path.isdir(CDI):
            os.mkdir(CDI)
            self.addCleanup(os.rmdir, CDI)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        self.sigshim("inject", "cdi", *self.settings, "--output", path)
        ident = self.podman([], "--device", "sigshim.dev/shim=default")
        self.podman([], output=PLAIN)
        self.assertEqual(self.recorded(), {ident})

    def test_a_hook(self):
        hooks = self.make_hooks()
        ident = self.podman(hooks, "--annotation", ANNOTATION)
        self.podman(hooks, output=PLAIN)
        self.podman(hooks, "--annotation", "sigshim.dev/inject=false", output=PLAIN)
        self.assertEqual(self.recorded(), {ident})

    def make_runtime(self):
        wrapper = self.path("runc-sigshim")
        with open(wrapper, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexec %s inject oci-runtime %s -- runc \"$@\"\n" %
                       (harness.SIGSHIM, " ".join(self.settings)))
        os.chmod(wrapper, 0o755)
        return ["--runtime", wrapper]

    def make_hooks(self):
        self.sigshim("inject", "oci-hook", "--print-hook", *self.settings, "--output", self.path("hooks/sigshim.json"))
        return ["--hooks-dir", self.path("hooks")]

    def test_a_runtime(self):
        runtime = self.make_runtime()
        ident = self.podman(runtime, "--annotation", ANNOTATION)
        self.podman(runtime, output=PLAIN)
        self.assertEqual(self.recorded(), {ident})

    def test_kinds_of_containers(self):
        """Ways by turns; each with each in the long form."""
        flags = self.sigshim("inject", "env", *self.settings).stdout.split()
        annotated = ["--annotation", ANNOTATION]
        ways = (([], flags), (self.make_hooks(), annotated), (self.make_runtime(), annotated))
        kinds = (["--user", "1000:1000"], ["--uidmap=0:200000:65536", "--gidmap=0:200000:65536"], ["--read-only"],
                 ["--cap-drop=all", "--security-opt=no-new-privileges"], ["--pid=host"], ["--ipc=host", "--uts=host"])
        idents = {self.podman(way[0], *way[1], *kind)
                  for number, kind in enumerate(kinds) for turn, way in enumerate(ways)
                  if harness.LONG or turn == number % len(ways)}
        self.assertEqual(self.recorded(), idents)

    def test_a_container_is_found_by_name_and_image(self):
        image = "localhost/sigshim/known:1.2"
        subprocess.run(["tar", "-C", self.path("rootfs"), "-cf", self.path("image.tar"), "."], check=True)
        made = self.command("import", self.path("image.tar"), image)
        self.assertEqual(made.returncode, 0, made.stderr)
        flags = self.sigshim("inject", "env", *self.settings).stdout.split()
        ident = self.podman([], *flags, "--name=web1", image=image)
        other = self.podman([], *flags, "--name=web2")
        self.assertEqual(self.recorded(), {ident, other})
        log = self.path("collected.db")
        for filters, container in (("container=web1", ident), ("image=known:1.2", ident), ("container=web2", other)):
            self.assertEqual({event["container"] for event in self.query(log, filters)}, {container}, filters)
        event = self.query(log, "container=web1", "-n1")[0]
        self.assertEqual((event["container_name"], event["image"], event["pod"]), ("web1", image, None))
        event = json.loads(self.sigshim("query", "-L", log, "container=web1", "-n1", "--format=tracee-v0").stdout)
        self.assertEqual(event["container"], {"id": ident, "name": "web1", "image": image})

    def test_the_compose_fragment_is_yaml_and_json_is_cdi(self):
        text = self.sigshim("inject", "env", "--compose", *self.settings).stdout
        self.assertRegex(text, r'^environment:\n(  - "[^"]+"\n){2}volumes:\n(  - "[^"]+:ro"\n){2}$')
        spec = json.loads(self.sigshim("inject", "cdi", *self.settings).stdout)
        self.assertEqual((spec["cdiVersion"], spec["kind"]), ("0.3.0", "sigshim.dev/shim"))


if __name__ == "__main__":
    harness.main()
