// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware that an entry wants, against the one that runs. Nothing is flashed: another version than
 * the running one is refused, so that no device counts as converged with firmware that nobody wanted.
 */
#include "model/version.h"
#include "plan/binder.h"
#include "plan/match.h"

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
	key = facts_firmware_key(f, fw.v[FIRMWARE_VERSION_KEY].text);
	have = key ? facts_version(f, VERSION_RUNNING, key) : NULL;
	if (!wanted)
		complain(b, fw.mark, fw.source,
			 mem_printf("no layer that applies to the device says which version"));
	else if (!have)
		complain(b, fw.mark, fw.source,
			 mem_printf("the device reports no running version %s",
				    key ? key : "of firmware"));
	else if (version_compare(f->driver, key, have, wanted) != VERSION_SAME)
		complain(
			b, fw.v[FIRMWARE_VERSION].mark, fw.v[FIRMWARE_VERSION].source,
			mem_printf(
				"%s %s is running, not %s: flash it with devlink dev flash, carved "
				"only checks it",
				key, have, wanted));
}
