# SPDX-License-Identifier: BSD-2-Clause
"""Which stack each call of the measured program has, and whether a tool
recorded it. Knows the same rule as calls.c and tree.c."""
import bisect
import difflib
import re

import place

WORD = (1 << 64) - 1
OURS = re.compile(r"at_\d\d_[a-d]|work|main")
FRAMES_OF_MAIN, FRAMES_OF_THREAD, LEVELS = 5, 4, 48


def mix(z):
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & WORD
    z = (z ^ z >> 27) * 0x94d049bb133111eb & WORD
    return z ^ z >> 31


def path_of(stacks, worker, made):
    """The path of a worker's call number `made`, counted from 0."""
    n = (worker << 40) + made + 1
    return mix((n + (1 << 62)) & WORD) if stacks == "new" else mix(1 + mix(n) % int(stacks))


def expected(case, worker, made):
    """Our functions on the stack of that call, innermost first."""
    in_main = case.threads == 1
    levels = min(max(case.depth - (FRAMES_OF_MAIN if in_main else FRAMES_OF_THREAD), 1), LEVELS)
    path = path_of(case.stacks, worker, made)
    names = []
    for level in range(levels - 1, -1, -1):
        names.insert(0, f"at_{level:02d}_{'abcd'[path & 3]}")
        path = (path >> 3 | path << 61) & WORD
    return names + (["work", "main"] if in_main else ["work"])


def verdict(case, seen):
    """`right`, or how much of it is wrong. seen: (worker, made, names) of calls."""
    total = right = frames = found = 0
    for worker, made, names in seen:
        want = expected(case, worker, made)
        have = [name for name in names if name and OURS.fullmatch(name)]
        total, right = total + 1, right + (have == want)
        frames += len(want)
        matches = difflib.SequenceMatcher(None, want, have, autojunk=False).get_matching_blocks()
        found += sum(block.size for block in matches)
    if not total:
        return "none recorded"
    if right == total:
        return "right"
    share = f"{100 * found / frames:.0f}% of frames"
    return f"wrong ({share})" if right == 0 else f"{100 * right / total:.0f}% right ({share})"


class Symbols:
    """Names for addresses of a run of the measured program."""

    def __init__(self, program, result):
        table = []
        for line in place.run(["nm", program]).stdout.splitlines():
            words = line.split()
            if len(words) == 3 and words[1] in "tT":
                table.append((int(words[0], 16), words[2]))
        table.sort()
        self.starts = [address for address, _ in table]
        self.names = [name for _, name in table]
        self.bias = result["main"] - dict((name, address) for address, name in table)["at_00_a"]
        self.end = self.starts[-1] + 4096

    def name(self, address, exact=False):
        """The function that a return address belongs to, None outside the program."""
        offset = address - self.bias - (0 if exact else 1)
        i = bisect.bisect_right(self.starts, offset) - 1
        return self.names[i] if 0 <= i and offset < self.end else None
