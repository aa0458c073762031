/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells of RFC 4180. For the files of this folder.
 */
#ifndef SIGSHIM_CSV_H
#define SIGSHIM_CSV_H

#include "format.h"

/* Appends a cell, as UTF-8 and quoted where it must be; NULL is empty. */
void csv_cell(struct text *t, const char *cell);

#endif
