/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes every call of the table as often as its argument says; to be linked statically. */
#include <stdlib.h>
#include <sys/epoll.h>

#include "ways.h"

int main(int argc, char **argv)
{
	struct ways w;

	if (argc < 2 || ways_prepare(&w, epoll_create1(0), -1) < 0)
		return 2;
	for (int i = 0; i < atoi(argv[1]); i++)
		ways_each(&w, ways_inline, 0);
	return 0;
}
