// SPDX-License-Identifier: GPL-2.0-or-later
/* See flash.h. */
#include "device/flash.h"
#include "model/errors.h"
#include "plan/firmware.h"

#include <errno.h>

static void set_stage(struct memory *m, const char *boot, const struct firmware *f,
		      enum flash_stage stage, char *reason)
{
	memory_set_flash(m, (struct flash_latch){.stage = stage,
						 .firmware = firmware_text(f),
						 .boot = mem_strdup(boot),
						 .reason = reason});
}

/* Was a flash of it begun whose outcome is not known? */
static bool is_open(const struct memory *m, const struct firmware *f)
{
	const struct flash_latch *l = &m->lasting.flash;
	_cleanup_free_ char *text = firmware_text(f);

	return text_equal(l->firmware, text) &&
	       (l->stage == FLASH_BEGUN || l->stage == FLASH_UNVERIFIED);
}

/** flash_begin() - @s is about to be sent. The second flash is the last one. */
void flash_begin(struct memory *m, const char *boot, const struct step *s)
{
	if (s->kind != STEP_FLASH)
		return;
	set_stage(m, boot, &s->firmware, is_open(m, &s->firmware) ? FLASH_WRITTEN : FLASH_BEGUN,
		  NULL);
}

/**
 * flash_ended() - by its acknowledgement; nothing else tells the outcome.
 *
 * A lost answer, and ENODEV, leave it open: activating it will tell.
 *
 * Return: FLASH_NEWS_WRITTEN, FLASH_NEWS_FAILED or FLASH_NEWS_NONE.
 */
enum flash_news flash_ended(struct memory *m, const char *boot, const struct step *s,
			    const struct step_result *r)
{
	if (r->error == 0) {
		set_stage(m, boot, &s->firmware, FLASH_WRITTEN, NULL);
		return FLASH_NEWS_WRITTEN;
	}
	if (r->error == -ENODEV || (r->lost && !r->unsent))
		return FLASH_NEWS_NONE;
	if (r->unsent || error_is(r->error, ERROR_BUSY))
		set_stage(m, boot, &s->firmware, FLASH_NONE, NULL);
	return FLASH_NEWS_FAILED;
}

/**
 * flash_failed() - @f, a flash, may not be tried again in this boot: the latch tells of it from now
 * on.
 */
void flash_failed(struct memory *m, const char *boot, const struct failure *f)
{
	struct buf b = {};

	failure_explain(f, &b);
	set_stage(m, boot, &f->step.firmware, FLASH_FAILED, buf_take(&b));
}

/** flash_activated() - a reload that activates @f was acknowledged; it may have no version. */
void flash_activated(struct memory *m, const char *boot, const struct firmware *f)
{
	if (f->version)
		set_stage(m, boot, f, is_open(m, f) ? FLASH_UNVERIFIED : FLASH_ACTIVATED, NULL);
}

static void give_up(struct world *w, const char *boot, const struct firmware *f)
{
	const char *running = facts_version(&w->facts, VERSION_RUNNING, f->key);
	const char *stored = facts_version(&w->facts, VERSION_STORED, f->key);
	bool activated = w->memory.lasting.flash.stage == FLASH_ACTIVATED;

	set_stage(&w->memory, boot, f, FLASH_MISMATCH,
		  mem_printf("firmware %s was %s, but the device runs %s %s%s%s", f->version,
			     activated ? "activated" : "flashed", f->key,
			     running ? running : "of an unknown version", stored ? ", stored " : "",
			     stored ? stored : ""));
}

/**
 * flash_end_boot() - what was done in another boot than @boot counts no more, but for a mismatch.
 */
void flash_end_boot(struct memory *m, const char *boot)
{
	const struct flash_latch *l = &m->lasting.flash;

	if (l->stage != FLASH_NONE && l->stage != FLASH_MISMATCH && !text_equal(l->boot, boot))
		memory_set_flash(m, (struct flash_latch){});
}

/**
 * flash_follow() - what the versions that were read say of @f, the firmware that is wanted.
 *
 * Return: FLASH_NEWS_RUNS or FLASH_NEWS_MISMATCH, the first time that it is seen; FLASH_NEWS_NONE.
 */
enum flash_news flash_follow(struct world *w, const char *boot, const struct firmware *f)
{
	const struct flash_latch *l = &w->memory.lasting.flash;
	_cleanup_free_ char *text = NULL;

	if (!f->version || l->stage == FLASH_NONE || l->stage == FLASH_FAILED)
		return FLASH_NEWS_NONE;
	text = firmware_text(f);
	if (!text_equal(l->firmware, text))
		return FLASH_NEWS_NONE;
	switch (firmware_need(f, w)) {
	case FIRMWARE_RUNS:
		if (l->stage == FLASH_CONFIRMED)
			return FLASH_NEWS_NONE;
		set_stage(&w->memory, boot, f, FLASH_CONFIRMED, NULL);
		return FLASH_NEWS_RUNS;
	case FIRMWARE_MISMATCH:
		if (l->stage == FLASH_MISMATCH)
			return FLASH_NEWS_NONE;
		give_up(w, boot, f);
		return FLASH_NEWS_MISMATCH;
	case FIRMWARE_FLASH:
	case FIRMWARE_ACTIVATE:
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		break;
	}
	return FLASH_NEWS_NONE;
}

/** flash_forgive() - what failed may be tried again; what only waits for its activation goes on. */
void flash_forgive(struct memory *m)
{
	enum flash_stage stage = m->lasting.flash.stage;

	if (stage != FLASH_BEGUN && stage != FLASH_WRITTEN)
		memory_set_flash(m, (struct flash_latch){});
}
