/* SPDX-License-Identifier: BSD-2-Clause */
/* The code that LTTng-UST's headers make from the description. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#include "lttng_events.h"
