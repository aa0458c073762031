/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON by json-c, for the formats that write it. For the files of this folder.
 */
#ifndef SIGSHIM_JSON_H
#define SIGSHIM_JSON_H

#include <json-c/json.h>

#include "format.h"

/* Adds a string, made valid UTF-8; NULL gives null. */
void json_put_string(struct json_object *o, const char *key, const char *value);
void json_put_int(struct json_object *o, const char *key, int64_t value);
/* "0x..." */
void json_put_address(struct json_object *o, const char *key, uint64_t value);
/* Names of signals in an array; null unless `known`. */
void json_put_mask(struct json_object *o, const char *key, uint64_t mask, bool known);

/* The members args, and caller and stack, as in jsonl. */
void json_put_args(struct json_object *o, const struct log_event *ev);
void json_put_stack(struct json_object *o, const struct log_frame *frames, int n);

/* Appends the text of o and releases it; the second without the outer brackets. */
void json_write(struct text *t, struct json_object *o);
void json_write_inner(struct text *t, struct json_object *o);

/* The i-th of the event's arguments as the registers held them; 0 if there is none. */
uint64_t json_raw(struct json_object *raw, unsigned int i);

#endif
