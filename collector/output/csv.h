/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells of RFC 4180. For the files of this folder.
 */
#ifndef SIGSHIM_CSV_H
#define SIGSHIM_CSV_H

#include "format.h"

/* Appends a cell, quoted where it must be. */
void csv_cell(struct text *t, const char *cell);

#endif
