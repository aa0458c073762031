/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same with the other library behind ours: our calls go on to it.
 */
/* after: lib_wrapper */
/* expect: events=41 */
#include "case_preload_before.c"
