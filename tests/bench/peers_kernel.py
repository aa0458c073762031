# SPDX-License-Identifier: BSD-2-Clause
"""Peers that watch from the kernel: bpftrace, libbpf, perf trace, strace."""
WAYS = []
