/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process says of itself first, on a connection or in its parent's
 * ring. For link.c and share.c. System calls only; AS-safe, MT-safe.
 */
#include <sys/auxv.h>

#include "clock.h"
#include "ring.h"
#include "sys.h"

#include "banned.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

struct sigshim_hello link_hello(const struct process *p, uint64_t now, uint64_t mask)
{
	struct sigshim_hello h = {
		.h = { .size = sizeof(h), .type = SIGSHIM_FRAME_HELLO, .fixed = sizeof(h) },
		.magic = SIGSHIM_WIRE_MAGIC, .version = SIGSHIM_WIRE_VERSION, .shim_version = 0x000100,
		.pid = p->pid, .tid = (int32_t)sys(SYS_gettid),
		.instance = p->instance, .parent_instance = p->parent_instance, .now_ns = now,
		.lost = p->lost, .minsigstksz = shim_getauxval(AT_MINSIGSTKSZ), .mask = mask,
		.pending = sys_pending(),
		.reconnect = p->reconnects, .stack_mode = (uint8_t)shim_config.stack,
		.transport = (uint8_t)shim_config.transport, .clock = clock_offered(),
		.overflow = (uint8_t)shim_config.overflow, .depth = (uint16_t)shim_config.depth,
		.claim = (char *)&shim_thread.claim - (char *)__builtin_thread_pointer(),
	};

	module_span((uintptr_t)link_hello, &h.text_start, &h.text_end);
	return h;
}
