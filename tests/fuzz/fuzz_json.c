// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds JSON to all that reads it: the two files of a device that carved keeps, and captured facts.
 * Whatever comes: no crash, and what is taken can be written and is taken again.
 */
#include "fuzz.h"
#include "model/json.h"

#include <jansson.h>

/* As it would be on disk. Return: a new reference. */
static json_t *through_text(json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(1));
	json_t *again;

	MUST(text);
	again = json_loads(text, 0, NULL);
	MUST(again);
	free(text);
	json_decref(j);
	return again;
}

static void read_memory(json_t *j)
{
	struct memory m = {}, again = {};

	if (memory_from_json(j, &m) == 0) {
		json_t *kept = through_text(memory_to_json("a/b", &m));

		MUST(memory_from_json(kept, &again) == 0);
		json_decref(kept);
	}
	memory_clear(&m);
	memory_clear(&again);
}

static void read_lasting(json_t *j)
{
	struct lasting l = {}, again = {};

	if (lasting_from_json(j, &l) == 0) {
		json_t *kept = through_text(lasting_to_json("a/b", &l));

		MUST(lasting_from_json(kept, &again) == 0);
		json_decref(kept);
	}
	lasting_clear(&l);
	lasting_clear(&again);
}

static void read_facts(json_t *j)
{
	_cleanup_free_ char *handle = NULL, *why = NULL, *other = NULL;
	struct world w = {}, again = {};

	if (facts_from_json(j, &w, &handle, &why) == 0) {
		json_t *kept = through_text(facts_to_json(handle, &w));

		MUST(facts_from_json(kept, &again, &other, &why) == 0);
		json_decref(kept);
	} else {
		MUST(why && *why);
	}
	world_clear(&w);
	world_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *j = json_loadb((const char *)data, size, 0, NULL);

	if (!j)
		return 0;
	read_memory(j);
	read_lasting(j);
	read_facts(j);
	json_decref(j);
	return 0;
}
