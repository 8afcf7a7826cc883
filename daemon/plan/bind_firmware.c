// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware that an entry wants: can it be had on this device, from this file? Whether it is to
 * be flashed or activated is firmware.c's.
 */
#include "model/version.h"
#include "plan/binder.h"
#include "plan/firmware.h"
#include "plan/match.h"

#include <errno.h>
#include <string.h>

static void complain(struct binder *b, struct mark mark, const char *source, char *text)
{
	diag_add(b->diags, DIAG_ERROR, mark, source, b->handle, "%s", text);
	free(text);
}

static void check_age(struct binder *b, const struct firmware *want, const char *source)
{
	const struct facts *f = &b->world->facts;
	const char *have = facts_version(f, VERSION_RUNNING, want->key);
	enum version_order order = version_compare(f->driver, want->key, want->version, have);

	if (want->allow_downgrade || order == VERSION_NEWER || order == VERSION_SAME)
		return;
	complain(b, want->mark, source,
		 order == VERSION_OLDER
			 ? mem_printf("%s %s is running, %s is older: a downgrade needs "
				      "allow_downgrade: true",
				      want->key, have, want->version)
			 : mem_printf(
				   "%s %s is running, and nothing tells whether %s is older: this "
				   "needs allow_downgrade: true",
				   want->key, have, want->version));
}

/* The file must be there, be safe, and be the right one, before anything is written. */
static void check_image(struct binder *b, const struct firmware_wish *fw,
			const struct firmware *want)
{
	const struct image_verdict *image = &b->world->image;
	enum firmware_key key = image->error == -EKEYREJECTED ? FIRMWARE_SHA256 : FIRMWARE_FILE;

	if (!want->file)
		complain(b, want->mark, fw->v[FIRMWARE_VERSION].source,
			 mem_printf("%s %s is running, and no file is named to flash %s from",
				    want->key,
				    facts_version(&b->world->facts, VERSION_RUNNING, want->key),
				    want->version));
	else if (b->world->offline)
		return;
	else if (!image_verdict_covers(image, want))
		b->needs_image = true;
	else if (image->error)
		complain(b, fw->v[key].mark, fw->v[key].source,
			 mem_printf("the firmware cannot be flashed: %s", image->why));
}

static void want_firmware(struct binder *b, const struct firmware_wish *fw, const char *key)
{
	const char *downgrade = fw->v[FIRMWARE_ALLOW_DOWNGRADE].text;
	struct firmware *want = &b->want->firmware;

	firmware_copy(&b->want->arena, want,
		      &(struct firmware){
			      .version = fw->v[FIRMWARE_VERSION].text,
			      .key = key,
			      .file = fw->v[FIRMWARE_FILE].text,
			      .component = fw->v[FIRMWARE_COMPONENT].text,
			      .sha256 = fw->v[FIRMWARE_SHA256].text,
			      .allow_downgrade = downgrade && strcmp(downgrade, "true") == 0,
			      .mark = fw->v[FIRMWARE_VERSION].mark,
		      });
	if (b->world->facts.untold || firmware_need(want, b->world) == FIRMWARE_RUNS)
		return;
	check_age(b, want, fw->v[FIRMWARE_VERSION].source);
	if (firmware_need(want, b->world) == FIRMWARE_FLASH)
		check_image(b, fw, want);
}

/* @key: what `version_key` says; NULL: it is not written, and nothing tells which is meant */
static void no_such_version(struct binder *b, const struct firmware_wish *fw, const char *key)
{
	const struct facts *f = &b->world->facts;
	_cleanup_free_ char *known = NULL;
	struct buf names = {};

	vec_each(v, &f->versions)
		if (v->kind == VERSION_RUNNING && !facts_version(f, VERSION_FIXED, v->name))
			buf_add(&names, "%s%s", names.n ? ", " : "", v->name);
	known = buf_take(&names);
	if (!*known)
		complain(b, fw->mark, fw->source,
			 mem_strdup("the device reports no running version"));
	else if (key)
		complain(b, fw->v[FIRMWARE_VERSION_KEY].mark, fw->v[FIRMWARE_VERSION_KEY].source,
			 mem_printf("the device reports no running version %s; it has %s", key,
				    known));
	else
		complain(b, fw->mark, fw->source,
			 mem_printf("which version is meant? write version_key: one of %s", known));
}

/** bind_firmware() - which firmware is wanted, and whether it can be had. */
void bind_firmware(struct binder *b, const struct entry *e)
{
	const struct facts *f = &b->world->facts;
	struct firmware_wish fw = {};
	const char *key;

	vec_each(l, &e->layers)
		if (match_layer(l, b->handle, f))
			firmware_merge(&fw, l->firmware);
	if (!fw.mark.file)
		return;
	key = facts_firmware_key(f, fw.v[FIRMWARE_VERSION_KEY].text);
	if (!fw.v[FIRMWARE_VERSION].text)
		complain(b, fw.mark, fw.source,
			 mem_printf("no layer that applies to the device says which version"));
	else if (!f->untold && (!key || !facts_version(f, VERSION_RUNNING, key)))
		no_such_version(b, &fw, key);
	else
		want_firmware(b, &fw, key ? key : "fw");
}
