/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The version of sigshim, for both sides. A constant; no code.
 */
#ifndef SIGSHIM_VERSION_H
#define SIGSHIM_VERSION_H

#define SIGSHIM_VERSION_STRING "0.1.0"

#endif
