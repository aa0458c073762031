/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event's arguments as JSON. For this folder alone. MT-safe.
 */
#ifndef SIGSHIM_ARGS_H
#define SIGSHIM_ARGS_H

#include <json-c/json.h>

#include "event.h"

#define ARGS_JSON_STYLE (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* The decoded arguments by name. NULL without memory; free with json_object_put. */
struct json_object *args_json(const struct event *ev);
/* The raw arguments: an array of unsigned numbers. */
struct json_object *args_raw(const struct event *ev);

#endif
