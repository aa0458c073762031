# SPDX-License-Identifier: BSD-2-Clause
"""Peers that record inside the program: LTTng-UST and uftrace."""
WAYS = []
