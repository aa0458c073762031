# SPDX-License-Identifier: BSD-2-Clause
"""Stacks: what the log names is what gdb names at the same call."""
import json
import os

import harness

# Frames that gdb makes up for tail calls are not on the stack.
GDB_SCRIPT = """
set confirm off
set pagination off
set breakpoint pending on
set debuginfod enabled off
handle SIGUSR2 nostop noprint pass
python
import json
class Call(gdb.Breakpoint):
    def stop(self):
        frame, frames = gdb.newest_frame().older(), []
        while frame:
            sal = frame.find_sal()
            if frame.type() == gdb.SIGTRAMP_FRAME:
                frames.append(["<signal handler called>", None, None])
            elif frame.type() != gdb.TAILCALL_FRAME:
                frames.append([frame.name(), sal.symtab and sal.symtab.filename, sal.line or None])
            frame = frame.older()
        print("CALL " + json.dumps(frames))
        return False
Call("sigprocmask")
end
run
"""


def parse_gdb(text):
    """[[(function, file, line)]], the callers of each call."""
    return [[(name, path and os.path.basename(path), line) for name, path, line in json.loads(row[5:])]
            for row in text.splitlines() if row.startswith("CALL ")]


def until_main(frames):
    names = [frame[0] for frame in frames]
    return frames[:names.index("main") + 1]


@harness.need("gdb")
class Gdb(harness.TestCase):
    """The program `chain` in both."""

    def gdb(self, command):
        script = self.path("gdb.script")
        with open(script, "w", encoding="ascii") as file:
            file.write(GDB_SCRIPT)
        done = self.plain(["gdb", "-nx", "-batch", "-x", script, "--args", *command])
        if "ptrace" in done.stderr and not done.stdout.count("CALL "):
            self.skipTest("ptrace is not allowed here: " + done.stderr.splitlines()[0])
        return parse_gdb(done.stdout)

    def ours(self, event):
        return [(frame["function"], frame["file"] and os.path.basename(frame["file"]), frame["line"]) for frame in event["stack"]]

    def test_functions_files_and_lines_are_gdbs(self):
        theirs = self.gdb([harness.program("chain")])
        log, _ = self.record([harness.program("chain")])
        ours = [self.ours(event) for event in self.query(log, "--stack", "event=sigprocmask")]
        self.assertEqual(len(ours), 3)
        self.assertEqual(len(ours), len(theirs))
        for a, b in zip(ours, theirs):
            a, b = until_main(a), until_main(b)
            self.assertEqual([f[0] for f in a], [f[0] for f in b])
            ours_here = [f[1:] for f in a if f[1] == "chain.c"]
            self.assertEqual(ours_here, [f[1:] for f in b if f[1] == "chain.c"])
            self.assertGreater(len(ours_here), 2)

    def test_a_stack_reaches_the_programs_first_frame(self):
        log, _ = self.record([harness.program("chain")])
        for event in self.query(log, "--stack", "event=sigprocmask"):
            self.assertEqual(event["stack"][-1]["function"], "_start")
            self.assertEqual(event["caller"], "innermost")
            for frame in event["stack"]:
                self.assertEqual(set(frame) - {"inlined"}, {"pc", "module", "offset", "build_id", "function", "file", "line"})

    def test_depth_limits_a_stack(self):
        log, _ = self.record([harness.program("chain")], env={"SIGSHIM_DEPTH": "3"})
        self.assertEqual({len(event["stack"]) for event in self.query(log, "--stack")}, {3})

    def test_a_module_that_was_replaced_is_never_named_wrongly(self):
        import shutil  # pylint: disable=import-outside-toplevel
        copy = self.path("chain")
        shutil.copy(harness.program("chain"), copy)
        process, socket = self.collector()
        self.plain([copy], env=self.preloaded(socket))
        os.unlink(copy)
        shutil.copy(harness.program("calls"), copy)
        self.assertEqual(self.stop(process), 0)
        for event in self.query(self.path("collected.db"), "--stack"):
            for frame in event["stack"]:
                if frame["module"] == copy:
                    self.assertIn(frame["function"], (None, "innermost", "recurse", "compare", "handler", "main",
                                                      "through_libc", "interrupted", "_start"))


if __name__ == "__main__":
    harness.main()
