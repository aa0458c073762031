/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program built with ThreadSanitizer. It finds the race that the last
 * child makes.
 */
/* needs: libtsan.so */
/* flags: -fsanitize=thread */
/* preload: libtsan.so */
#include "sanitized.h"

static long shared;

static void *touch(void *arg)
{
	for (int i = 0; i < 100; i++)
		shared++;
	return arg;
}

static void *fault(void *arg)
{
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, touch, arg);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	return shared ? NULL : arg;
}
