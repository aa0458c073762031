# SPDX-License-Identifier: BSD-2-Clause
"""The extended events: dispositions, waits, sending, jumps, and the lives of
processes, recorded with SIGSHIM_EVENTS=all and not without it."""
import harness

# What extended.c does, in its order: event, result, error.
FIRST = [
    ("sigaction", 0, None), ("sigaction", -1, "EINVAL"), ("signal", 0, None), ("sigignore", 0, None),
    ("siginterrupt", 0, None), ("rt_sigaction", -1, "EINVAL"),
    ("sighold", 0, None), ("sigrelse", 0, None), ("sigset", 0, None), ("sigrelse", 0, None),
    ("sigblock", 0, None), ("sigsetmask", 2, None), ("sigprocmask", 0, None),
    ("ppoll", 0, None), ("pselect", 0, None), ("epoll_pwait", 0, None), ("epoll_pwait2", 0, None),
    ("ppoll", 0, None), ("pselect6", 0, None), ("epoll_pwait", 0, None), ("epoll_pwait2", 0, None),
    ("raise", 0, None), ("sigsuspend", -1, "EINTR"), ("kill", 0, None), ("sigwait", 0, None),
    ("pthread_kill", 0, None), ("sigwaitinfo", 10, None), ("sigtimedwait", -1, "EAGAIN"),
    ("tgkill", 0, None), ("killpg", 0, None), ("kill", 0, None), ("tgkill", 0, None), ("tkill", 0, None),
    ("pidfd_send_signal", -1, "EBADF"), ("pidfd_send_signal", -1, "EBADF"), ("rt_sigtimedwait", -1, "EAGAIN"),
    ("raise", 0, None), ("sigpause", -1, "EINTR"), ("raise", 0, None), ("sigpause", -1, "EINTR"),
    ("raise", 0, None), ("rt_sigsuspend", -1, "EINTR"),
    ("posix_spawnattr_setsigmask", 0, None), ("pthread_attr_setsigmask_np", 0, None),
    ("posix_spawn", 0, None), ("posix_spawnp", 2, "ENOENT"),
    ("siglongjmp", None, None), ("longjmp", None, None), ("swapcontext", None, None), ("swapcontext", None, None),
    ("swapcontext", None, None), ("setcontext", None, None),
]


class Extended(harness.TestCase):
    """Every call of the extended set is recorded as it was made."""

    FAILING = ["execve", "execvp", "execvpe", "execle", "execlp", "fexecve", "execv"]

    def recorded(self, **env):
        log, done = self.record([harness.program("extended")], status=3, env=env)
        return self.query(log), done

    def of_parent(self, events):
        return [e for e in events if e["pid"] == events[0]["pid"]]

    def check(self, **env):
        events, done = self.recorded(SIGSHIM_EVENTS="all", **env)
        plain = self.plain([harness.program("extended")], env=self.environment())
        self.assertEqual(done.stdout, plain.stdout)
        parent = self.of_parent(events)
        self.assertEqual([(e["event"], e["ret"], e["errno"]) for e in parent][:len(FIRST)], FIRST)
        rest = [(e["event"], e["ret"] and True) for e in parent][len(FIRST):]
        self.assertEqual(rest, [("fork", True)] * 3 + [("exit", None)])
        children = [[e["event"] for e in events if e["pid"] == fork["ret"]]
                    for fork in parent if fork["event"] == "fork"]
        self.assertEqual(children, [["execl"], self.FAILING + ["_exit"], ["abort"]])
        return parent

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

    def test_a_new_program_shows_what_it_inherited(self):
        log, _ = self.record([harness.program("extended")], status=3, env={"SIGSHIM_EVENTS": "all"})
        rows = self.sql(log, "SELECT mask_start, pending_start FROM processes WHERE comm = 'echo'")
        self.assertEqual(rows, [(1 << 9, 0)])

    def test_without_asking_only_the_core_is_recorded(self):
        events, _ = self.recorded()
        self.assertEqual({e["event"] for e in events}, {"sigprocmask"})

    def test_every_event_of_the_table_is_in_one_of_the_programs(self):
        log, _ = self.record([harness.program("extended")], status=3, env={"SIGSHIM_EVENTS": "all"})
        self.record([harness.program("calls"), self.path("expected")], env={"SIGSHIM_EVENTS": "all"})
        seen = {(e["event"], e["origin"]) for e in self.query(log)}
        rows = {(name, "syscall" if via == "SYSCALL" else "wrapped") for _, name, via in harness.table()}
        self.assertEqual(rows - seen, set())

    def test_a_list_chooses(self):
        events, _ = self.recorded(SIGSHIM_EVENTS="kill,sigwait")
        self.assertEqual([(e["event"], e["origin"]) for e in events],
                         [("kill", "wrapped"), ("sigwait", "wrapped"), ("kill", "syscall")])


if __name__ == "__main__":
    harness.main()
