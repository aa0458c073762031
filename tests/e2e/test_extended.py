# SPDX-License-Identifier: BSD-2-Clause
"""The extended events: dispositions, waits, sending, jumps, and the lives of
processes and threads, recorded unless SIGSHIM_EVENTS says otherwise."""
import harness

HANDLER, HANDLERS = "a handler", ("bsd_signal", "sysv_signal", "ssignal")
# What extended.c does, in its order: event, result, error.
FIRST = [
    ("sigaction", 0, None), ("sigaction", -1, "EINVAL"), ("signal", 0, None),
    ("bsd_signal", HANDLER, None), ("sysv_signal", HANDLER, None), ("sysv_signal", HANDLER, None),
    ("ssignal", HANDLER, None), ("sigignore", 0, None),
    ("siginterrupt", 0, None), ("rt_sigaction", -1, "EINVAL"),
    ("sighold", 0, None), ("sigrelse", 0, None), ("sigset", 0, None), ("sigrelse", 0, None),
    ("sigblock", 0, None), ("sigsetmask", 2, None), ("sigprocmask", 0, None),
    ("ppoll", 0, None), ("pselect", 0, None), ("epoll_pwait", 0, None), ("epoll_pwait2", 0, None),
    ("ppoll", 0, None), ("pselect6", 0, None), ("epoll_pwait", 0, None), ("epoll_pwait2", 0, None),
    ("raise", 0, None), ("sigsuspend", -1, "EINTR"), ("gsignal", 0, None), ("sigwait", 0, None), ("kill", 0, None), ("sigwait", 0, None),
    ("pthread_kill", 0, None), ("sigwaitinfo", 10, None), ("sigtimedwait", -1, "EAGAIN"),
    ("tgkill", 0, None), ("killpg", 0, None), ("kill", 0, None), ("tgkill", 0, None), ("tkill", 0, None),
    ("pidfd_send_signal", -1, "EBADF"), ("pidfd_send_signal", -1, "EBADF"), ("rt_sigtimedwait", -1, "EAGAIN"),
    ("raise", 0, None), ("sigpause", -1, "EINTR"), ("raise", 0, None), ("sigpause", -1, "EINTR"),
    ("raise", 0, None), ("rt_sigsuspend", -1, "EINTR"),
    ("posix_spawnattr_setsigmask", 0, None), ("pthread_attr_setsigmask_np", 0, None),
    ("posix_spawn", 0, None), ("posix_spawnp", 2, "ENOENT"),
    ("siglongjmp", None, None), ("longjmp", None, None), ("_longjmp", None, None),
    ("swapcontext", None, None), ("swapcontext", None, None),
    ("swapcontext", None, None), ("setcontext", None, None),
    ("setcontext", -1, "EFAULT"),
    ("pthread_create", 0, None), ("pthread_create", 0, None), ("thrd_create", 0, None),
]


class Extended(harness.TestCase):
    """Every call of the extended set is recorded as it was made."""

    FAILING = ["execve", "execvp", "execvpe", "execle", "execlp", "fexecve", "execv"]

    def recorded(self, **env):
        log, done = self.record([harness.program("extended")], status=3, env=env)
        return self.query(log), done

    def of_parent(self, events):
        return [e for e in events if e["tid"] == events[0]["pid"]]

    def of_threads(self, events):
        return [e for e in events if e["pid"] == events[0]["pid"] and e["tid"] != e["pid"]]

    def check(self, **env):
        events, done = self.recorded(**env)
        plain = self.plain([harness.program("extended")], env=self.environment())
        self.assertEqual(done.stdout, plain.stdout)
        parent = self.of_parent(events)
        told = [(e["event"], HANDLER if e["event"] in HANDLERS else e["ret"], e["errno"]) for e in parent]
        self.assertEqual(told[:len(FIRST)], FIRST)
        rest = [(e["event"], e["ret"] and True) for e in parent][len(FIRST):]
        self.assertEqual(rest, [("fork", True)] * 5 + [("exit", None)])
        children = [[e["event"] for e in events if e["pid"] == fork["ret"]]
                    for fork in parent if fork["event"] == "fork"]
        self.assertEqual(children, [["execl"], self.FAILING + ["_exit"], ["abort"],
                                    ["quick_exit"], ["_Exit"]])
        self.check_threads(parent, self.of_threads(events))
        return parent

    def check_threads(self, parent, notes):
        self.assertEqual([e["event"] for e in notes],
                         ["thread_start", "thread_end", "thread_start", "pthread_exit", "thread_end",
                          "thread_start", "thrd_exit", "thread_end"])
        made = [e["args"] for e in parent if e["event"] in ("pthread_create", "thrd_create")]
        starts = [e["args"] for e in notes if e["event"] == "thread_start"]
        ends = [e["args"] for e in notes if e["event"] == "thread_end"]
        self.assertEqual([a["number"] for a in made], [1, 2, 3])
        for one, start, end in zip(made, starts, ends):
            routine = one.get("start_routine") or one["func"]
            self.assertEqual(start, {"start_routine": routine, "arg": one["arg"], "creator": parent[0]["tid"],
                                     "number": one["number"]})
            self.assertEqual((end["start_routine"], end["number"]), (routine, one["number"]))
        self.assertEqual([a["returned"] for a in ends], [1, 0, 0])
        self.assertEqual(ends[0]["value"], made[0]["arg"])
        self.assertEqual({(*e["mask_before"], "before", *e["mask_after"]) for e in notes},
                         {("SIGUSR1", "before", "SIGUSR1")})
        self.assertEqual([e["caller"] for e in notes if e["event"].startswith("thread_")],
                         ["returns", "returns", "exits", "exits", "c_exits", "c_exits"])

    def test_in_the_ring(self):
        self.check()

    def test_in_packets(self):
        self.check(SIGSHIM_TRANSPORT="socket")

    def test_with_frame_pointers(self):
        self.check(SIGSHIM_STACK="fp")

    def test_arguments_and_masks_are_told(self):
        events = self.check()
        by_name = {}
        for event in events:
            by_name.setdefault(event["event"], event)
        action = by_name["sigaction"]["args"]
        self.assertEqual((action["signum"], action["act"]["sa_flags"]), ("SIGUSR1", ["SA_RESTART"]))
        self.assertEqual(action["oldact"], {"sa_handler": "SIG_DFL", "sa_mask": [], "sa_flags": []})
        self.assertEqual(by_name["sigblock"]["args"], {"mask": ["SIGINT"]})
        self.assertEqual((by_name["sigblock"]["mask_before"], by_name["sigblock"]["mask_after"]), ([], ["SIGINT"]))
        self.assertEqual(by_name["sigset"]["mask_after"], ["SIGTERM"])
        for name in ("sigsuspend", "ppoll", "pselect", "pselect6", "epoll_pwait", "epoll_pwait2"):
            self.assertEqual(by_name[name]["mask_requested"], [], name)
            self.assertEqual(by_name[name]["mask_after"], ["SIGUSR1"], name)
        self.assertEqual(by_name["ppoll"]["args"]["timeout"], {"tv_sec": 0, "tv_nsec": 1000000})
        self.assertEqual(by_name["sigwait"]["args"], {"set": ["SIGUSR1"], "sig": "SIGUSR1"})
        # glibc folds SI_TKILL into it (sysdeps/unix/sysv/linux/sigtimedwait.c).
        self.assertEqual(by_name["sigwaitinfo"]["args"]["info"]["si_code"], "SI_USER")
        self.assertEqual(by_name["siglongjmp"]["mask_after"], ["SIGUSR1"])
        self.assertEqual(by_name["swapcontext"]["mask_after"], ["SIGUSR1", "SIGUSR2"])
        nowhere = [e for e in events if e["event"] == "setcontext"][-1]
        self.assertNotIn("ucp", nowhere.get("copies", {}))

    def test_a_table_shows_the_masks_that_threads_begin_and_end_with(self):
        log, _ = self.record([harness.program("extended")], status=3)
        lines = self.sigshim("query", "-L", log, "event~thread_*").stdout.splitlines()[1:]
        self.assertEqual(len(lines), 6)
        for line in lines:
            self.assertRegex(line, r" =SIGUSR1 +(returns|exits|c_exits)$")

    def test_a_new_program_shows_what_it_inherited(self):
        log, _ = self.record([harness.program("extended")], status=3)
        rows = self.sql(log, "SELECT mask_start, pending_start FROM processes WHERE comm = 'echo'")
        self.assertEqual(rows, [(1 << 9, 0)])

    def test_the_core_alone_when_asked_for(self):
        events, _ = self.recorded(SIGSHIM_EVENTS="core")
        self.assertEqual({e["event"] for e in events}, {"sigprocmask"})

    def test_every_event_of_the_table_is_in_one_of_the_programs(self):
        log, _ = self.record([harness.program("extended")], status=3)
        self.record([harness.program("calls"), self.path("expected")])
        self.record([harness.program("scopes")])
        seen = {(e["event"], e["origin"]) for e in self.query(log)}
        rows = {(name, "syscall" if via == "SYSCALL" else "wrapped") for _, name, via in harness.table()}
        self.assertEqual(rows - seen, set())

    def test_scopes_are_told_with_their_names_and_who_named_them(self):
        log, done = self.record([harness.program("scopes")])
        self.assertEqual(done.stdout, "in it\n")
        events = self.query(log)
        long = "a name that is longer than a record has room for, by far"[:47]
        self.assertEqual([(e["event"], e["args"]["name"]) for e in events],
                         [("scope_begin", "outer"), ("scope_begin", long), ("scope_end", long),
                          ("scope_end", "outer"), ("scope_begin", None)])
        self.assertEqual({(e["stack"][0]["function"], e["stack"][0]["file"].split("/")[-1]) for e in events},
                         {("main", "scopes.c")})

    def test_a_list_chooses(self):
        events, _ = self.recorded(SIGSHIM_EVENTS="kill,sigwait")
        self.assertEqual([(e["event"], e["origin"]) for e in events],
                         [("sigwait", "wrapped"), ("kill", "wrapped"), ("sigwait", "wrapped"), ("kill", "syscall")])


if __name__ == "__main__":
    harness.main()
