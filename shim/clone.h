/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of clone for assembly, which can't include the kernel's header;
 * clone.c proves them. CLONE_SHARING are the flags that tell: with CLONE_VM
 * alone of them a child has its parent's memory and TLS, and is no thread.
 */
#ifndef SHIM_CLONE_H
#define SHIM_CLONE_H

#define CLONE_VM_ONLY 0x100
#define CLONE_SHARING 0x90100		/* CLONE_VM | CLONE_THREAD | CLONE_SETTLS */
#define CLONE3_NR 435			/* everywhere, also where headers are older (Linux 5.3) */

#endif
