/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of clone for assembly, which can't include the kernel's header;
 * clone.c proves them.
 */
#ifndef SHIM_CLONE_H
#define SHIM_CLONE_H

#define CLONE_VM_ONLY 0x100
#define CLONE3_NR 435			/* everywhere, also where headers are older (Linux 5.3) */

#endif
