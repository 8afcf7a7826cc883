// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware that an entry wants, against the one that runs. Nothing is flashed: another version than
 * the running one is refused, so that no device counts as converged with firmware that nobody wanted.
 */
#include "plan/binder.h"
#include "plan/match.h"

#include <string.h>

static const char *running(const struct facts *f, const char *name)
{
	vec_each(v, &f->versions)
		if (v->kind == VERSION_RUNNING && strcmp(v->name, name) == 0)
			return v->value;
	return NULL;
}

static bool is_fixed(const struct facts *f, const char *name)
{
	vec_each(v, &f->versions)
		if (v->kind == VERSION_FIXED && strcmp(v->name, name) == 0)
			return true;
	return false;
}

/* The version_key where none is written: fw, else fw.version, else the only one that can be meant. */
static const char *default_key(const struct facts *f)
{
	const char *only = NULL;

	if (running(f, "fw"))
		return "fw";
	if (running(f, "fw.version"))
		return "fw.version";
	vec_each(v, &f->versions) {
		if (v->kind != VERSION_RUNNING || is_fixed(f, v->name))
			continue;
		if (only)
			return NULL;
		only = v->name;
	}
	return only;
}

static void complain(struct binder *b, struct mark mark, const char *source, char *text)
{
	diag_add(b->diags, DIAG_ERROR, mark, source, b->handle, "%s", text);
	free(text);
}

/** bind_firmware() - complain unless the wanted version is the one that runs. */
void bind_firmware(struct binder *b, const struct entry *e)
{
	const struct facts *f = &b->world->facts;
	struct firmware_wish fw = {};
	const char *key, *wanted, *have;

	vec_each(l, &e->layers)
		if (match_layer(l, b->handle, f))
			firmware_merge(&fw, l->firmware);
	if (!fw.mark.file)
		return;
	wanted = fw.v[FIRMWARE_VERSION].text;
	key = fw.v[FIRMWARE_VERSION_KEY].text ? fw.v[FIRMWARE_VERSION_KEY].text : default_key(f);
	have = key ? running(f, key) : NULL;
	if (!wanted)
		complain(b, fw.mark, fw.source,
			 mem_printf("no layer that applies to the device says which version"));
	else if (!have)
		complain(b, fw.mark, fw.source,
			 mem_printf("the device reports no running version %s",
				    key ? key : "of firmware"));
	else if (strcmp(have, wanted) != 0)
		complain(
			b, fw.v[FIRMWARE_VERSION].mark, fw.v[FIRMWARE_VERSION].source,
			mem_printf(
				"%s %s is running, not %s: flash it with devlink dev flash, carved "
				"only checks it",
				key, have, wanted));
}
