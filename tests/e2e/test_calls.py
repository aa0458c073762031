# SPDX-License-Identifier: BSD-2-Clause
"""The golden program: what the log says of it is what it says of itself, and
what strace says."""
import json
import re
import unittest

import harness

SYSCALLS = {
    "sigprocmask": "rt_sigprocmask", "pthread_sigmask": "rt_sigprocmask", "sigqueue": "rt_sigqueueinfo",
    "pthread_sigqueue": "rt_tgsigqueueinfo",
}
TRACED = "rt_sigprocmask,sigaltstack,signalfd,signalfd4,rt_sigqueueinfo,rt_tgsigqueueinfo"


def read_lines(path):
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


class Golden(harness.TestCase):
    """The log against the program's own account."""

    def recorded(self, *options, **env):
        expected = self.path("expected")
        log, done = self.record([harness.program("calls"), expected], *options, env=env)
        self.assertRegex(done.stdout, r"^\d+ calls\n$")
        return read_lines(expected), self.query(log)

    def compare(self, expected, events):
        self.assertGreater(len(expected), 20)
        for want, got in zip(expected, events):
            with self.subTest(seq=want["seq"], event=want["event"], args=want["args"]):
                self.assertEqual(want, {key: got.get(key, "(no such key)") for key in want})
        self.assertEqual(len(expected), len(events))

    def test_the_log_equals_the_programs_own_account(self):
        self.compare(*self.recorded())

    def test_packets_carry_the_same_as_the_ring(self):
        self.compare(*self.recorded(SIGSHIM_TRANSPORT="socket"))

    def test_frame_pointers_name_the_same_callers(self):
        self.compare(*self.recorded(SIGSHIM_STACK="fp"))

    def test_without_stacks_the_caller_is_still_known(self):
        self.compare(*self.recorded(SIGSHIM_STACK="none"))

    def test_every_core_event_of_the_table_is_in_the_program(self):
        expected, _ = self.recorded()
        seen = {(line["event"], line["origin"]) for line in expected}
        with open(harness.ROOT + "/include/sigshim/events.h", encoding="ascii") as file:
            core = int(re.search(r"#define SIGSHIM_EV_CORE (\d+)", file.read()).group(1))
        rows = [(name, via) for number, name, via in harness.table() if number <= core]
        self.assertEqual(seen, {(name, "syscall" if via == "SYSCALL" else "wrapped") for name, via in rows})

    def test_every_event_has_its_time_and_place(self):
        _, events = self.recorded()
        self.assertEqual([e["ts_ns"] for e in events], sorted(e["ts_ns"] for e in events))
        for event in events:
            self.assertEqual(set(event), set(
                "run time ts_ns duration_ns seq pid tid host_pid host_tid comm exe container container_name image pod event args "
                "ret errno mask_before mask_requested mask_after origin caller stack".split()))
            self.assertEqual(event["comm"], "calls")
            self.assertEqual(event["exe"], harness.program("calls"))
            self.assertEqual(event["pid"], event["tid"])
            self.assertGreater(event["duration_ns"], 0)

    def test_only_the_chosen_events_are_recorded(self):
        expected, events = self.recorded(SIGSHIM_EVENTS="sigaltstack,sigqueue")
        wanted = [e["args"] for e in expected if e["event"] in ("sigaltstack", "sigqueue")]
        self.assertEqual(wanted, [e["args"] for e in events])


def split_arguments(text):
    """Splits at commas outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[{(") - (char in "]})")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def signal_name(word):
    """strace's spelling to ours: INT or SIGINT, RTMIN (the kernel's 32), RT_2 (34)."""
    word = word.removeprefix("SIG")
    if word == "RTMIN":
        return "SIG32"
    if word.startswith("RT_"):
        number = 32 + int(word[3:])
        return {33: "SIG33", 34: "SIGRTMIN"}.get(number, f"SIGRTMIN+{number - 34}")
    return "SIG" + word


ALL = [signal_name(w) for w in (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU "
    "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN").split()] + [signal_name(f"RT_{n}") for n in range(1, 33)]


def signal_set(text):
    """[INT TERM] or ~[INT TERM] as the set of our names; a pointer as it is."""
    if not text.endswith("]"):
        return None if text == "NULL" else text
    names = {signal_name(w) for w in text.strip("~[]").split()}
    return set(ALL) - names if text.startswith("~") else names


def parse_strace(path):
    """[(name, [arguments], result, errno)]"""
    calls = []
    with open(path, encoding="ascii") as file:
        for line in file:
            match = re.match(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?: (E\w+))?", line)
            if match and match[1] in TRACED.split(","):
                calls.append((match[1], split_arguments(match[2]), int(match[3]), match[4]))
    return calls


@harness.need("strace")
class Strace(harness.TestCase):
    """The program's account against strace's: the same run, without sigshim."""

    def setUp(self):
        super().setUp()
        trace, expected = self.path("trace"), self.path("expected")
        done = self.plain(["strace", "-f", "-o", trace, "-s", "999", "-e", "signal=none", "-e", "trace=" + TRACED,
                           harness.program("calls"), expected])
        if "PTRACE" in done.stderr:
            self.skipTest("ptrace is not allowed here: " + done.stderr.splitlines()[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expected, self.calls = read_lines(expected), parse_strace(trace)

    def check_set(self, ours, theirs, message):
        theirs = signal_set(theirs)
        self.assertEqual(set(ours) if isinstance(ours, list) else ours, theirs, message)

    def check_mask(self, args, raw, line):
        names = {"0x63 /* SIG_??? */": 99, "99": 99}
        self.assertEqual(args["how"], names.get(raw[0], raw[0]))
        requested = args["set"]
        if line["origin"] == "wrapped" and isinstance(requested, list):
            requested = [s for s in requested if s not in ("SIG32", "SIG33")]   # glibc takes these out
        if args.get("sigsetsize", 8) == 8:
            self.check_set(requested, raw[1], line)
            if line["errno"] is None:
                self.check_set(args["oldset"], raw[2], line)
        self.assertEqual(int(raw[3]), args.get("sigsetsize", 8))

    def check_stack(self, args, raw, line):
        for name, text in zip(("ss", "old_ss"), raw):
            if not isinstance(args[name], dict):
                self.assertEqual(args[name], None if text == "NULL" else text, line)
                continue
            match = re.match(r"\{ss_sp=(\w+), ss_flags=(.*), ss_size=(\d+)\}$", text)
            self.assertEqual(args[name]["ss_sp"], None if match[1] == "NULL" else match[1], line)
            self.assertEqual(args[name]["ss_size"], int(match[3]), line)
            flags = match[2].replace("0x40 /* SS_??? */", "0x40")
            self.assertEqual("|".join(map(str, args[name]["ss_flags"])) or "0", flags, line)

    def check_fd(self, args, raw, line):
        self.assertEqual(args["fd"], int(raw[0]), line)
        if int(raw[2]) == 8:
            self.check_set(args["mask"], raw[1], line)
        if "flags" in args:
            flags = raw[3].replace("0x1 /* SFD_??? */", "0x1")
            self.assertEqual("|".join(map(str, args["flags"])) or "0", flags, line)

    def check_info(self, args, raw, line):
        self.assertEqual(args.get("tgid", args.get("pid", int(raw[0]))), int(raw[0]), line)
        signal = raw[-2] if raw[-2].startswith("SIG") else int(raw[-2])
        self.assertEqual(args["sig"], signal_name(signal) if isinstance(signal, str) else signal, line)
        if "tid" in args:
            self.assertEqual(args["tid"], int(raw[1]), line)
        value = args["info"]["si_value"] if isinstance(args.get("info"), dict) else args.get("value")
        if "sival_ptr" in raw[-1] or "ptr=" in raw[-1]:
            text = re.search(r"ptr=(\w+)", raw[-1])[1]
            self.assertEqual(value["sival_ptr"], None if text == "NULL" else text, line)
        if isinstance(args.get("info"), dict) and "si_pid" in raw[-1]:
            self.assertEqual(args["info"]["si_pid"], int(re.search(r"si_pid=(\d+)", raw[-1])[1]), line)
            self.assertEqual(args["info"]["si_uid"], int(re.search(r"si_uid=(\d+)", raw[-1])[1]), line)

    def test_each_syscall_argument_and_result_is_stracess(self):
        self.assertEqual(len(self.expected), len(self.calls))
        check = {"rt_sigprocmask": self.check_mask, "sigaltstack": self.check_stack, "signalfd": self.check_fd,
                 "signalfd4": self.check_fd, "rt_sigqueueinfo": self.check_info,
                 "rt_tgsigqueueinfo": self.check_info}
        for line, (name, raw, result, error) in zip(self.expected, self.calls):
            with self.subTest(seq=line["seq"], call=name, raw=raw):
                syscall = SYSCALLS.get(line["event"], line["event"])
                if (line["event"], line["origin"]) == ("signalfd", "wrapped"):
                    syscall = "signalfd4"
                self.assertEqual(name, syscall)
                self.assertEqual(error, line["errno"])
                if line["event"] not in ("pthread_sigmask", "pthread_sigqueue"):
                    self.assertEqual(result, line["ret"])
                check[name](line["args"], raw, line)


if __name__ == "__main__":
    harness.main()
