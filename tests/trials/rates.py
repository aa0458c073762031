#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the library costs stress-ng's signal stressors: each runs natively and
under `sigshim run`, in turns, and the ratio of their rates is told. In each
round both run once, the order changing, so that a machine that grows slower
favours neither; the median of the rounds' ratios counts.

  tests/trials/rates.py [--rounds=5] [--seconds=2] [--wanted=0.7] [--json=FILE]
                        [--run-option=OPTION]... [STRESSOR]...

--run-option is handed to `sigshim run`, as in --run-option=--events=all. Exit
status 1 when a ratio is below the wanted one, or a stressor fails that does
not natively. Both run in a pid namespace of their own (root), as
stress-ng's temporary files are named after processes.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIGSHIM = os.path.join(os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"))), "sigshim")
STRESSORS = ("sigabrt sigchld sigfd sigfpe sigio signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend "
             "sigtrap fork vfork clone pthread context schedpolicy").split()
ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] if os.geteuid() == 0 else []


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("SIGSHIM_") and k != "LD_PRELOAD"}


def stress(stressor, seconds, folder, prefix):
    """One run: (bogo operations a second, exit status, what was said)."""
    answer = os.path.join(folder, "metrics.yaml")
    if os.path.exists(answer):
        os.unlink(answer)
    command = [*ALONE, *prefix, "stress-ng", "--" + stressor, "1", "--timeout", f"{seconds}s", "--verify", "--metrics",
               "--temp-path", folder, "--yaml", answer]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=60 + 20 * seconds, env=environment(), check=False)
    except subprocess.TimeoutExpired:
        return 0.0, -1, "it did not end"
    rate = 0.0
    if os.path.exists(answer):
        with open(answer, encoding="utf-8") as file:
            found = re.search(r"bogo-ops-per-second-real-time: ([\d.]+)", file.read())
        rate = float(found[1]) if found else 0.0
    return rate, done.returncode, done.stdout


def measure(stressor, options):
    """The rounds of one stressor: lists of native and shimmed rates, and complaints."""
    rates, complaints = {"native": [], "shimmed": []}, []
    for number in range(options.rounds):
        order = ["native", "shimmed"] if number % 2 == 0 else ["shimmed", "native"]
        for way in order:
            with tempfile.TemporaryDirectory(prefix="sigshim-rates-") as folder:
                prefix = [] if way == "native" else [SIGSHIM, "run", "--quiet", "-o", folder + "/log.db",
                                                     *options.run_option, "--"]
                rate, status, said = stress(stressor, options.seconds, folder, prefix)
            rates[way].append(rate)
            if status != 0:
                complaints.append(f"{stressor}, {way}: exit status {status}\n{said[-1500:]}")
    return rates, complaints


def judge(stressor, rates, complaints, wanted):
    """One line, and whether it is as wanted."""
    ratios = [s / n for n, s in zip(rates["native"], rates["shimmed"]) if n]
    ratio = statistics.median(ratios) if ratios else 0.0
    native_fails = any(", native:" in text for text in complaints)
    good = (ratio >= wanted and not complaints) or native_fails
    word = "fails natively" if native_fails else "ok" if good else "fails" if complaints else "slow"
    spread = " ".join(f"{r:.2f}" for r in sorted(ratios))
    print(f"{stressor:12}{statistics.median(rates['native']):12.0f}{statistics.median(rates['shimmed']):12.0f}"
          f"{ratio:8.2f}  {word:8} ({spread})", flush=True)
    for text in complaints:
        print("    " + text.replace("\n", "\n    "), flush=True)
    return ratio, good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--wanted", type=float, default=0.7)
    parser.add_argument("--json", metavar="FILE", help="all rates, for comparing")
    parser.add_argument("--run-option", action="append", default=[], metavar="OPTION", help="for sigshim run")
    parser.add_argument("stressor", nargs="*")
    options = parser.parse_args()
    if not shutil.which("stress-ng"):
        print("SKIP rates: stress-ng is not installed")
        return 0
    results, all_good = {}, True
    print(f"{'stressor':12}{'native/s':>12}{'shimmed/s':>12}{'ratio':>8}  ")
    for stressor in options.stressor or STRESSORS:
        rates, complaints = measure(stressor, options)
        ratio, good = judge(stressor, rates, complaints, options.wanted)
        results[stressor] = {**rates, "ratio": ratio}
        all_good = all_good and good
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
