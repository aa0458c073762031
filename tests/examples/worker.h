/* SPDX-License-Identifier: BSD-2-Clause */
/* Code under test: each changes signal state, and puts it back unless $LEAK names it. */
#ifndef WORKER_H
#define WORKER_H

/* Works with SIGTERM held off. */
void worker_work(void);
/* Works on an alternate stack. */
void worker_dive(void);
/* Works with SIGPIPE ignored. */
void worker_write(void);
/* Waits a moment for SIGUSR1 by a signalfd. */
void worker_listen(void);

#endif
