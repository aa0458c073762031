/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that makes no signal calls and ends at once: what a start costs. */
int main(void)
{
	return 0;
}
