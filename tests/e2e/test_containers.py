# SPDX-License-Identifier: BSD-2-Clause
"""One collector on the host and containers of other systems, made by runc
alone: the library is injected by each way, programs record as root, as another
user, in a user namespace, without capabilities, with the host's pids, and the
records tell container, both pids and the container's own libraries."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import harness
import test_portable

SOURCES = test_portable.SOURCES
LIBRARY_DIR, SOCKET_DIR = "/.sigshim/lib", "/.sigshim/run"
ANNOTATION = {"sigshim.dev/inject": "true"}
# What a container may be like: a change of its specification.
VARIANTS = {}


def variant(change):
    VARIANTS[change.__name__] = change
    return change


@variant
def as_root(_):
    pass


@variant
def as_another_user(spec):
    spec["process"]["user"] = {"uid": 1000, "gid": 1000}


@variant
def in_a_user_namespace(spec):
    linux = spec["linux"]
    linux["namespaces"].append({"type": "user"})
    linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 65536}]
    linux.pop("resources", None)


@variant
def without_capabilities(spec):
    spec["process"]["capabilities"] = {}
    spec["process"]["noNewPrivileges"] = True


@variant
def with_a_read_only_root(spec):
    spec["root"]["readonly"] = True


@variant
def with_the_hosts_pids(spec):
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "pid"]


def setUpModule():
    """The portable library, and a runc that can make a container here."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("containers without a daemon are for root")
    if not harness.find("runc"):
        raise unittest.SkipTest("not installed: runc")
    test_portable.setUpModule()


class Containers(harness.TestCase):
    """Bundles whose root is an empty folder with a system's files mounted."""
    suite = "bookworm"
    build_caller = test_portable.Debian.build_caller
    stub = test_portable.Debian.stub
    check_caller = test_portable.Root.check_caller
    functions = test_portable.Root.functions
    turn = 0	# which way comes first
    root = "/nowhere"	# build_caller's paths are the host's

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("shim"))
        shutil.copy(test_portable.PORTABLE, self.path("shim"))
        os.mkdir(self.path("run"))
        self.mounts = self.make_system()

    def make_system(self):
        """What is mounted into each container's root."""
        files = test_portable.make_debian(self.suite, "amd64", test_portable.PACKAGES)
        return [("/usr", files + "/usr")]

    def make_program(self):
        """The program with known calls; its folder is /test in the container."""
        return [self.inside(path) for path in self.build_caller()]

    def inside(self, path):
        return path.replace(self.dir, "/test", 1)

    # --- bundles

    def make_bundle(self, name, command, change=as_root, annotations=None, env=(), engine=True):
        """A bundle of a container in podman's control group for it, or in runc's own; returns folder and id."""
        folder = self.path(name)
        ident = hashlib.sha256(folder.encode()).hexdigest()
        root = os.path.join(folder, "rootfs")
        os.makedirs(root)
        for part in ("bin", "sbin", "lib", "lib64"):
            os.symlink("usr/" + part, os.path.join(root, part))
        os.chmod(folder, 0o755)
        subprocess.run([harness.find("runc"), "spec", "--bundle", folder], check=True)
        spec = self.spec(folder)
        spec["process"].update(terminal=False, args=list(command), env=["PATH=/usr/bin:/bin", *env])
        spec["root"]["readonly"] = False
        if engine:
            spec["linux"]["cgroupsPath"] = "/libpod_parent/libpod-" + ident
        spec["annotations"] = annotations or {}
        spec["mounts"] += [{"destination": to, "type": "bind", "source": source, "options": ["rbind", "ro"]}
                           for to, source in [*self.mounts, ("/test", self.dir)]]
        change(spec)
        for mapping in spec["linux"].get("uidMappings", []):
            os.chown(root, mapping["hostID"], mapping["hostID"])
        self.write_spec(folder, spec)
        return folder, ident

    @staticmethod
    def write_spec(folder, spec):
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(spec, file)

    def spec(self, folder):
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            return json.load(file)

    def inject(self, *arguments, **kw):
        return self.sigshim("inject", *self.settings(), *arguments, **kw)

    def settings(self):
        return ["--shim", self.path("shim/libsigshim.so"), "--socket", self.path("run/c.sock")]

    def run_bundle(self, folder, *before):
        """Runs it with runc, or with what is put before runc; returns what it did."""
        # What runc itself has to say, such as of groups that are busy, goes to a file: its stderr is the program's.
        done = self.plain([*before, harness.find("runc"), "--log", self.path("runc.log"), "--root", self.path("runc"),
                           "run", "--bundle", folder, self.name_of(folder)])
        if done.returncode == 1 and "operation not permitted" in done.stderr:
            self.skipTest("runc cannot make containers here: " + done.stderr.strip()[-200:])
        return done

    def name_of(self, folder):
        """runc's name for a bundle's container."""
        return "sigshim-test-" + os.path.basename(self.dir)[-8:].lower() + "-" + os.path.basename(folder)

    def by_container(self, log):
        events = {}
        for event in self.query(log, "--stack"):
            events.setdefault(event["container"], []).append(event)
        return events

    # --- tests

    def test_every_kind_of_container_records(self):
        program = self.make_program()
        process, _ = self.collector(socket="run/c.sock")
        ways = (self.by_bundle, self.by_hook, self.by_runtime)
        idents = {}
        for number, (name, change) in enumerate(VARIANTS.items()):
            # Each way with each system and with each variant; the long form has all three together.
            for way in ways if harness.LONG else ways[(number + self.turn) % len(ways):][:1]:
                full = name + "." + way.__name__
                folder, idents[full] = self.make_bundle(full, program, change)
                plain = self.run_bundle(folder)
                self.write_spec(folder, {**self.spec(folder), "annotations": ANNOTATION})
                done = way(folder)
                with self.subTest(full):
                    self.assertEqual((done.returncode, done.stdout, done.stderr),
                                     (plain.returncode, plain.stdout, plain.stderr))
        self.assertEqual(self.stop(process), 0)
        events = self.by_container(self.path("collected.db"))
        self.assertEqual(set(events), set(idents.values()))
        for full, ident in idents.items():
            with self.subTest(full):
                self.check_container(full.split(".")[0], events[ident])

    def by_bundle(self, folder):
        self.inject("bundle", folder)
        return self.run_bundle(folder)

    def by_hook(self, folder):
        path = folder + "/config.json"
        with open(path, "rb") as file:
            after = subprocess.run([harness.SIGSHIM, "inject", "oci-hook", *self.settings()], stdin=file,
                                   stdout=subprocess.PIPE, check=True).stdout
        with open(path, "wb") as file:
            file.write(after)
        return self.run_bundle(folder)

    def by_runtime(self, folder):
        return self.run_bundle(folder, harness.SIGSHIM, "inject", "oci-runtime", *self.settings(), "--")

    def check_container(self, name, events):
        self.check_caller(events)
        self.check_libc(events)
        own = name == "with_the_hosts_pids"
        for event in events:
            self.assertEqual(event["pid"] == event["host_pid"], own, event)
        first = min(event["pid"] for event in events)
        self.assertEqual(first == 1, not own)
        log = self.path("collected.db")
        short = events[0]["container"][:12]
        self.assertEqual(len(self.query(log, "container=" + short)), len(events))
        tracee = json.loads(self.sigshim("query", "-L", log, "--format=tracee-v0", "-n1", "container=" + short).stdout)
        self.assertEqual(tracee["containerId"], events[0]["container"])
        uid = {"as_another_user": 1000, "in_a_user_namespace": 200000}.get(name, 0)
        self.assertEqual(self.sql(log, "SELECT DISTINCT uid FROM processes WHERE container = '%s'" % events[0]["container"]),
                         [(uid,)])

    def check_libc(self, events):
        """Named by the container's, which is not the host's."""
        frames = [frame for event in events for frame in event["stack"] if "/libc" in (frame["module"] or "")]
        self.assertTrue(frames)
        named = {frame["function"] for frame in frames if frame["function"]}
        self.assertTrue(named & {"__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main"}, named)


class Ways(Containers):
    """What stands between an engine and its runtime, and what it leaves alone."""

    test_every_kind_of_container_records = None

    def setUp(self):
        super().setUp()
        self.process, _ = self.collector(socket="run/c.sock")

    def recorded(self):
        self.assertEqual(self.stop(self.process), 0)
        return self.by_container(self.path("collected.db"))

    def bash(self, name, **kw):
        return self.make_bundle(name, ["/bin/bash", "-c", "trap 'echo caught' USR1; kill -USR1 $$; echo $LD_PRELOAD"], **kw)

    def test_a_runtime_that_injects(self):
        wanted, ident = self.bash("wanted", annotations=ANNOTATION)
        other, _ = self.bash("other", annotations={"sigshim.dev/inject": "false"})
        before = open(other + "/config.json", "rb").read()
        wrapper = [harness.SIGSHIM, "inject", "oci-runtime", *self.settings(), "--env", "SIGSHIM_DEPTH=2", "--"]
        self.assertEqual(self.run_bundle(wanted, *wrapper).stdout, f"caught\n{LIBRARY_DIR}/libsigshim.so\n")
        self.assertEqual(self.run_bundle(other, *wrapper).stdout, "caught\n\n")
        self.assertEqual(open(other + "/config.json", "rb").read(), before)
        self.assertEqual(sorted(os.listdir(other)), ["config.json", "rootfs"])
        events = self.recorded()
        self.assertEqual(list(events), [ident])
        self.assertLessEqual({len(event["stack"]) for event in events[ident]}, {1, 2})

    def test_a_precreate_hook(self):
        hook = json.loads(self.inject("oci-hook", "--print-hook", "--env", "SIGSHIM_DEPTH=2").stdout)
        self.assertEqual(hook["stages"], ["precreate"])
        command = [hook["hook"]["path"], *hook["hook"]["args"][1:]]
        wanted, ident = self.bash("wanted", annotations=ANNOTATION)
        other, _ = self.bash("other")
        for folder in (wanted, other):
            with open(folder + "/config.json", "rb") as file:
                before = file.read()
            after = subprocess.run(command, input=before, stdout=subprocess.PIPE, check=True, cwd="/").stdout
            self.assertEqual(after == before, folder == other)
            with open(folder + "/config.json", "wb") as file:
                file.write(after)
            self.assertEqual(self.run_bundle(folder).stdout.splitlines()[0], "caught")
        self.assertEqual(list(self.recorded()), [ident])

    def test_what_cannot_be_read_starts_as_without_us(self):
        folder, _ = self.bash("odd", annotations=ANNOTATION)
        path = folder + "/config.json"
        text = open(path, encoding="utf-8").read()[:-1] + ', "large": 99999999999999999999999}'
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = self.run_bundle(folder, harness.SIGSHIM, "inject", "oci-runtime", "--")
        self.assertEqual(done.stdout, "caught\n\n")
        self.assertIn("stays without libsigshim.so", done.stderr)
        self.assertEqual(open(path, encoding="utf-8").read(), text)

    def test_another_preload_is_kept_and_undo_is_exact(self):
        folder, _ = self.bash("other", env=["LD_PRELOAD=/test/none.so"])
        before = open(folder + "/config.json", "rb").read()
        self.inject("bundle", folder)
        self.assertIn(f"LD_PRELOAD={LIBRARY_DIR}/libsigshim.so:/test/none.so", self.spec(folder)["process"]["env"])
        written = os.stat(folder + "/config.json").st_mtime_ns
        self.inject("bundle", folder)
        self.assertEqual(os.stat(folder + "/config.json").st_mtime_ns, written)
        self.sigshim("inject", "bundle", folder, "--undo")
        self.assertEqual(open(folder + "/config.json", "rb").read(), before)
        self.assertEqual(sorted(os.listdir(folder)), ["config.json", "rootfs"])

    def test_a_runtime_alone_names_its_containers(self):
        folders = [self.bash(name, engine=False)[0] for name in ("one", "two")]
        for folder in folders:
            self.inject("bundle", folder)
            self.assertEqual(self.run_bundle(folder).stdout.splitlines()[0], "caught")
        self.assertEqual(set(self.recorded()), {self.name_of(folder) for folder in folders})

    def test_lists_of_preloads(self):
        root = self.path("other-root")
        os.makedirs(root + "/etc")
        with open(root + "/etc/ld.so.preload", "w", encoding="ascii") as file:
            file.write("/lib/other.so")
        refused = self.inject("ld-so-preload", root, status=2)
        self.assertIn("takes no --socket", refused.stderr)
        shim = ["--shim", self.path("shim/libsigshim.so")]
        self.assertIn("setuid", self.sigshim("inject", "ld-so-preload", *shim, root, status=1).stderr)
        self.sigshim("inject", "ld-so-preload", "--yes", *shim, root)
        self.sigshim("inject", "ld-so-preload", "--yes", *shim, root)
        with open(root + "/etc/ld.so.preload", encoding="ascii") as file:
            self.assertEqual(file.read(), LIBRARY_DIR + "/libsigshim.so\n/lib/other.so")
        self.sigshim("inject", "ld-so-preload", "--undo", *shim, root)
        with open(root + "/etc/ld.so.preload", encoding="ascii") as file:
            self.assertEqual(file.read(), "/lib/other.so")

    def test_a_root_whose_etc_leads_out_of_it(self):
        root, outside = self.path("trap"), self.path("outside")
        os.mkdir(root)
        os.mkdir(outside)
        os.symlink(outside, root + "/etc")
        self.sigshim("inject", "ld-so-preload", "--yes", "--shim", self.path("shim/libsigshim.so"), root, status=1)
        self.assertEqual(os.listdir(outside), [])


class Bullseye(Containers):
    """Debian 11."""
    suite, turn = "bullseye", 1


class Trixie(Containers):
    """Debian 13."""
    suite, turn = "trixie", 2


@harness.need("musl-gcc")
class Musl(Containers):
    """Nothing but musl."""
    turn = 1

    def make_system(self):
        files = tempfile.mkdtemp(prefix="sigshim-musl-")
        self.addCleanup(shutil.rmtree, files, ignore_errors=True)
        os.chmod(files, 0o755)
        os.makedirs(files + "/lib/x86_64-linux-musl")
        shutil.copy(test_portable.MUSL_LIBC, files + test_portable.MUSL_LIBC)
        os.symlink(test_portable.MUSL_LIBC, files + "/lib/ld-musl-x86_64.so.1")
        return [("/usr", files)]

    def make_program(self):
        cc = ["musl-gcc", "-g", "-O1", "-D_GNU_SOURCE", "-fasynchronous-unwind-tables", "-Wl,--eh-frame-hdr"]
        test_portable.run(*cc, "-o", self.path("caller"), os.path.join(SOURCES, "caller.c"))
        test_portable.run(*cc, "-shared", "-fPIC", "-o", self.path("late.so"), os.path.join(SOURCES, "late.c"))
        return ["/test/caller", "/test/late.so"]

    def check_libc(self, events):
        """musl has few symbols beside those of functions."""

    def check_caller(self, events, beyond_signal=False):
        return test_portable.Root.check_caller(self, events, beyond_signal)


if __name__ == "__main__":
    harness.main()
