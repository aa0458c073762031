/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a code address is called in answers. Used by analysis/ and output/.
 * Pure: MT-safe.
 */
#ifndef SIGSHIM_FRAME_H
#define SIGSHIM_FRAME_H

#include "../store/store.h"
#include "text.h"

/* The part after the last slash. */
const char *base_name(const char *path);
/* Appends the function's name, else "module+0x12" (base name), else "0x..." */
void frame_name(struct text *t, const struct log_frame *f);

#endif
