// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware that an entry wants, against what the device reports: is it to be flashed, to be
 * activated, or left alone because that was tried? A version that was flashed is not flashed again
 * in this boot, and one that does not come true not at all. Where carved was killed so that nobody
 * knows whether the request came to the kernel, the stored version tells, or else the activation;
 * and it is flashed once more at most.
 */
#include "plan/firmware.h"
#include "model/version.h"
#include "plan/quirks.h"

#include <linux/devlink.h>

static bool is_version(const struct facts *f, const struct firmware *want, enum version_kind kind)
{
	const char *have = facts_version(f, kind, want->key);

	return have && version_compare(f->driver, want->key, have, want->version) == VERSION_SAME;
}

/* Of a firmware that does not run: what its latch says, if it is about this one. */
static enum flash_stage stage_of(const struct firmware *want, const struct flash_latch *l)
{
	_cleanup_free_ char *text = firmware_text(want);

	return text_equal(l->firmware, text) ? l->stage : FLASH_NONE;
}

/** firmware_need() - by the versions as of the last read, and by what was done so far. */
enum firmware_need firmware_need(const struct firmware *want, const struct world *w)
{
	bool stored, shows_stored;

	if (!want->version || is_version(&w->facts, want, VERSION_RUNNING))
		return FIRMWARE_RUNS;
	stored = is_version(&w->facts, want, VERSION_STORED);
	shows_stored = facts_version(&w->facts, VERSION_STORED, want->key);
	switch (stage_of(want, &w->memory.lasting.flash)) {
	case FLASH_BEGUN:
		return stored || !shows_stored ? FIRMWARE_ACTIVATE : FIRMWARE_FLASH;
	case FLASH_WRITTEN:
		return stored || !shows_stored ? FIRMWARE_ACTIVATE : FIRMWARE_MISMATCH;
	case FLASH_UNVERIFIED:
		return stored ? FIRMWARE_MISMATCH : FIRMWARE_FLASH;
	case FLASH_ACTIVATED:
	case FLASH_MISMATCH:
		return FIRMWARE_MISMATCH;
	case FLASH_CONFIRMED:
		return FIRMWARE_GONE;
	case FLASH_FAILED:
		return FIRMWARE_FAILED;
	case FLASH_NONE:
	case FLASH_STAGES:
		break;
	}
	return stored ? FIRMWARE_ACTIVATE : FIRMWARE_FLASH;
}

/**
 * firmware_in_the_way() - before @want can be flashed.
 *
 * Return: the version of another image that is stored and has to be activated first, or NULL.
 */
const char *firmware_in_the_way(const struct firmware *want, const struct world *w)
{
	const char *stored = facts_version(&w->facts, VERSION_STORED, want->key);
	const char *running = facts_version(&w->facts, VERSION_RUNNING, want->key);

	return quirks_of(w->facts.driver)->one_image && stored && running &&
			       version_compare(w->facts.driver, want->key, stored, running) !=
				       VERSION_SAME
		       ? stored
		       : NULL;
}

/**
 * firmware_activated_by() - does a reload with this action activate firmware, and is it offered?
 */
bool firmware_activated_by(const struct world *w, uint8_t action)
{
	if (!facts_offers(&w->facts, action, DEVLINK_RELOAD_LIMIT_UNSPEC))
		return false;
	return action == DEVLINK_RELOAD_ACTION_FW_ACTIVATE || w->memory.both_performed ||
	       quirks_reinit_activates(w->facts.driver);
}
