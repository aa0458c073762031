/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The priority of the thread that empties rings. Used by ingest/. main-only.
 */
#ifndef SIGSHIM_URGENT_H
#define SIGSHIM_URGENT_H

/* For the calling thread. Does what the system allows. */
void urgent_begin(void);

#endif
