/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a device, as whoever reads the file finds it. */
#pragma once

#include "base/mem.h"
#include "model/json.h"

#include <assert.h>
#include <jansson.h>

/* Of text that is freed. Return: a new reference. */
static inline json_t *kept_json(char *text)
{
	json_t *j = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	assert(j);
	free(text);
	return j;
}

static inline json_t *kept_memory(const char *handle, const struct memory *m)
{
	return kept_json(memory_to_text(handle, m));
}

static inline json_t *kept_lasting(const char *handle, const struct lasting *l)
{
	return kept_json(lasting_to_text(handle, l));
}
