/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For decode.c: the objects in an answer. */
#pragma once

#include "model/object.h"
#include "wire/attr.h"

void decode_resources_of_port(const struct attrs *a, struct state *state);
bool decode_objects(const struct class *class, const struct attrs *a, struct state *state);
