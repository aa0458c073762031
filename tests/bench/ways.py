# SPDX-License-Identifier: BSD-2-Clause
"""The ways to record with sigshim, and the list of all ways."""
import json
import os
import re

import peers_kernel
import peers_user
import place
import stacks
from measure import Facts, Native, Way

SAMPLE = 3000


def sigshim_facts(log, said):
    """Events, lost and bytes from the summary that `sigshim run` ends with."""
    match = re.search(r"([\d,]+) events?, .* ([\d,]+) lost", said)
    if not match:
        raise place.Failed("sigshim run gave no summary: " + said.strip()[-200:])
    events, lost = (int(number.replace(",", "")) for number in match.groups())
    return Facts(events, lost, place.size_of(log))


class Sigshim(Way):
    """`sigshim run` with one set of settings."""
    stacks = True

    def __init__(self, name, title, *options, env=None, stack=True, program=place.CALLS):
        self.name, self.title, self.options, self.env, self.stacks = name, title, options, env or {}, stack
        self.program = self.baseline = program
        self.said, self.log = "", None

    def missing(self):
        if not os.path.exists(place.SIGSHIM) or not os.path.exists(place.LIBRARY):
            return "not built: run make"
        with open(place.LIBRARY, "rb") as library:
            image = library.read()
        absent = [name for name in self.env if name.encode() not in image]
        return f"this build's library knows no {absent[0]}" if absent else None

    def record(self, argv, folder, case):
        """Blocks when the collector does not keep up: that shows as time, not as cheap losses.
        Core events alone: then there is one for each call, and none for what begins and ends the program."""
        options = ("--overflow=block", "--events=core", *self.options)
        done = place.run([place.SIGSHIM, "run", "-o", self.log or os.path.join(folder, "log.db"), *options, "--", *argv],
                         env=place.environment(**self.env), timeout=600)
        self.said = done.stderr

    def examine(self, folder, result, case):
        log = self.log or os.path.join(folder, "log.db")
        facts = sigshim_facts(log, self.said)
        if self.stacks:
            facts.stack = stacks.verdict(case, self.seen(log, result))
        return facts

    def seen(self, log, result):
        """(worker, made, names) of the first events."""
        done = place.run([place.SIGSHIM, "query", "-L", log, "--stack", "--format=jsonl", "-n", SAMPLE], timeout=300)
        workers = {tid: number for number, tid in enumerate(result["tids"])}
        for line in done.stdout.splitlines():
            event = json.loads(line)
            if event["tid"] in workers:
                yield workers[event["tid"]], event["seq"] - 1, [frame["function"] for frame in event["stack"] or []]


def all_ways():
    """Every way, by name, in the order of the tables."""
    ways = [
        Native(),
        Sigshim("memo", "sigshim"),
        Sigshim("nomemo", "sigshim, stacks walked each time", env={"SIGSHIM_MEMO": "0"}),
        Sigshim("nostack", "sigshim, no stacks", "--stack=none", stack=False),
        Sigshim("fp", "sigshim, frame pointers", "--stack=fp", program=place.CALLS + "-fp"),
        Sigshim("packets", "sigshim, packets", "--transport=socket"),
        *peers_user.WAYS, *peers_kernel.WAYS,
    ]
    return {way.name: way for way in ways}
