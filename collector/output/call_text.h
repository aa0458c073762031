/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as strace writes them. For the files of this folder. Pure: MT-safe.
 */
#ifndef SIGSHIM_CALL_TEXT_H
#define SIGSHIM_CALL_TEXT_H

#include "../analysis/text.h"
#include "../store/store.h"

/* Appends "SIG_BLOCK, [SIGTERM SIGINT], NULL" */
void call_args(struct text *t, const struct log_event *ev);
/* Appends "= 0" or "= -1 EINVAL" */
void call_result(struct text *t, const struct log_event *ev);

#endif
