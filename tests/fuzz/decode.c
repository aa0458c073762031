/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: every decoder on the same bytes. The header's size is
 * made true, so that more inputs get past it; the first byte tells whether.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted must hold what the header file promises. */
static void check_event(const struct event *ev, const unsigned char *frame, size_t len)
{
	if (!ev->desc || ev->npcs > SIGSHIM_MAX_FRAMES || ev->seq == 0 || ev->seq > DECODE_MAX_SEQ)
		abort();
	for (unsigned int i = 0; i < SIGSHIM_MAX_ARGS; i++) {
		if (!(ev->copied >> i & 1))
			continue;
		if (ev->copy[i] < frame ||
		    ev->copy[i] + sigshim_kind_copy(ev->desc->args[i].kind) > frame + len)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigshim_hello hello;
	struct sigshim_loss loss;
	struct sigshim_bye bye;
	struct module module;
	struct event ev;
	unsigned char *frame;
	uint32_t len;

	if (size == 0)
		return 0;
	/* Exactly as long as it is, so that a read past the end is seen. */
	len = (uint32_t)size - 1;
	frame = malloc(len ? len : 1);
	if (!frame)
		return 0;
	memcpy(frame, data + 1, len);
	if (data[0] & 1 && len >= sizeof(len))
		memcpy(frame, &len, sizeof(len));
	decode_frame(frame, len);
	decode_hello(frame, len, &hello);
	decode_loss(frame, len, &loss);
	decode_bye(frame, len, &bye);
	if (decode_event(frame, len, &ev) == 0)
		check_event(&ev, frame, len);
	if (decode_module(frame, len, &module) == 0 &&
	    (module.start >= module.end || strlen(module.path) > SIGSHIM_MAX_PATH))
		abort();
	free(frame);
	return 0;
}
