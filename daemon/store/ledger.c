// SPDX-License-Identifier: GPL-2.0-or-later
/* See ledger.h. */
#include "store/ledger.h"
#include "base/mem.h"
#include "store/file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define LEDGER_FORMAT 1
#define LEDGER_FILE   "ledger.json"

static json_t *hash_to_json(uint64_t hash)
{
	return json_sprintf("%016" PRIx64, hash);
}

static uint64_t hash_from(json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text ? strtoull(text, NULL, 16) : 0;
}

static json_t *accepted_to_json(const struct accepted *a)
{
	return json_pack("{s:o,s:I,s:s,s:s}", "hash", hash_to_json(a->hash), "at",
			 (json_int_t)a->at, "who", a->who, "fate", fate_name(a->fate));
}

static int accepted_from_json(json_t *j, struct accepted *ret)
{
	const char *who, *fate;
	json_int_t at;

	if (json_unpack(j, "{s:I,s:s,s:s}", "at", &at, "who", &who, "fate", &fate) < 0)
		return -EINVAL;
	for (enum fate f = FATE_IN_FORCE; f <= FATE_ROLLED_BACK; f++)
		if (strcmp(fate_name(f), fate) == 0)
			ret->fate = f;
	ret->hash = hash_from(j, "hash");
	ret->at = (uint64_t)at;
	ret->who = mem_strdup(who);
	return 0;
}

static json_t *trial_to_json(const struct trial *t)
{
	if (!t->hash)
		return NULL;
	return json_pack("{s:o,s:o,s:I,s:s}", "hash", hash_to_json(t->hash), "before",
			 hash_to_json(t->before), "deadline", (json_int_t)t->deadline, "boot",
			 t->boot);
}

/* A trial is of what is in force, or there is none. */
static int trial_from_json(json_t *j, uint64_t in_force, struct trial *ret)
{
	json_int_t deadline;
	const char *boot;

	if (!j)
		return 0;
	if (json_unpack(j, "{s:I,s:s}", "deadline", &deadline, "boot", &boot) < 0 ||
	    !hash_from(j, "before") || hash_from(j, "hash") != in_force)
		return -EINVAL;
	*ret = (struct trial){.hash = in_force,
			      .before = hash_from(j, "before"),
			      .deadline = (uint64_t)deadline,
			      .boot = mem_strdup(boot)};
	return 0;
}

static int ledger_from_json(json_t *j, struct ledger *l)
{
	json_t *list, *one;
	int version;
	size_t i;

	if (json_unpack(j, "{s:i,s:o}", "version", &version, "accepted", &list) < 0 ||
	    version != LEDGER_FORMAT || json_array_size(list) > ACCEPTED_MAX)
		return -EINVAL;
	json_array_foreach(list, i, one)
		if (accepted_from_json(one, vec_add(&l->accepted)) < 0)
			return -EINVAL;
	l->files = hash_from(j, "files");
	l->why = mem_strdup(json_string_value(json_object_get(j, "why")));
	l->undoing = json_is_true(json_object_get(j, "undoing"));
	return trial_from_json(json_object_get(j, "trial"), ledger_in_force(l), &l->trial);
}

/**
 * store_load_ledger() - what was saved; one that makes no sense is set aside.
 * @ret: must be empty; stays so where there is none
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense; -errno.
 */
int store_load_ledger(const struct store *s, struct ledger *ret)
{
	json_t *j = NULL;
	int r = file_read_json(s->state_fd, LEDGER_FILE, &j);

	if (r == 0)
		r = ledger_from_json(j, ret);
	json_decref(j);
	if (r < 0)
		ledger_clear(ret);
	if (r == -EINVAL)
		file_set_aside(s->state_fd, LEDGER_FILE);
	return r;
}

/** store_save_ledger() - on disk when it returns. Return: 0 or -errno. */
int store_save_ledger(const struct store *s, const struct ledger *l)
{
	_cleanup_free_ char *text = NULL;
	json_t *list = json_array();

	vec_each(a, &l->accepted)
		json_array_append_new(list, accepted_to_json(a));
	text = file_json_text(json_pack("{s:i,s:o,s:o*,s:o,s:s*,s:b}", "version", LEDGER_FORMAT,
					"accepted", list, "trial", trial_to_json(&l->trial),
					"files", hash_to_json(l->files), "why", l->why, "undoing",
					(int)l->undoing));
	return file_save(s->state_fd, LEDGER_FILE, text, true);
}
