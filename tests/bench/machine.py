# SPDX-License-Identifier: BSD-2-Clause
"""What the numbers were measured on, and with which versions."""
import os
import platform
import re

import place

PACKAGES = """lttng-tools liblttng-ust1 uftrace bpftrace libbpf1 linux-perf strace libunwind8 libsqlite3-0 redis-server nginx-light
	wrk postgresql-15 python3.11 libc6 gcc clang-14""".split()


def first_line(path, otherwise):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip() or otherwise
    except OSError:
        return otherwise


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    return found[1] if found else platform.processor()


def memory():
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def cpu_details():
    """Hypervisor and caches, as lscpu tells them."""
    said = place.run(["lscpu"], check=False, env=place.environment(LC_ALL="C")).stdout
    found = dict(re.findall(r"^(Hypervisor vendor|L2 cache|L3 cache):\s*(.*)$", said, re.M))
    return {"virtual": found.get("Hypervisor vendor", "no"), "caches": f"L2 {found.get('L2 cache', '?')}, L3 {found.get('L3 cache', '?')}"}


def versions():
    said = place.run(["dpkg-query", "-W", "-f=${Package} ${Version} ${db:Status-Status}\n", *PACKAGES], check=False).stdout \
        if place.find("dpkg-query") else ""
    return {words[0]: words[1] for words in (line.split() for line in said.splitlines()) if words[-1] == "installed"}


def describe():
    system = "/sys/devices/system/"
    commit = place.run(["git", "describe", "--always", "--dirty"], cwd=place.ROOT, check=False).stdout.strip() \
        if place.find("git") else ""
    return {
        "cpu": cpu(), "cpus": place.CPUS, **cpu_details(), "memory": memory(), "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "governor": first_line(system + "cpu/cpu0/cpufreq/scaling_governor", "none to be seen"),
        "clocksource": first_line(system + "clocksource/clocksource0/current_clocksource", "unknown"),
        "load_before": os.getloadavg()[0], "sigshim": commit or "unknown", "versions": versions(),
    }
