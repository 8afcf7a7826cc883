// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How far the wanted firmware has come, over crashes and reboots: one flash and one activation for each
 * firmware and boot. What is to be done is the planner's to say, by this and by the versions read.
 */
#include "device/parts.h"
#include "base/log.h"

#include <errno.h>

static struct flash_latch *latch_of(struct device *d)
{
	return &d->world.memory.lasting.flash;
}

static void set_stage(struct device *d, const struct firmware *f, enum flash_stage stage,
		      char *reason)
{
	memory_set_flash(&d->world.memory, (struct flash_latch){.stage = stage,
								.firmware = firmware_text(f),
								.boot = mem_strdup(d->env->boot),
								.reason = reason});
}

static void log_progress(const struct device *d, const struct firmware *f, const char *id,
			 const char *what)
{
	log_with(LOG_NOTICE,
		 &(struct log_fields){.id = id,
				      .device = d->handle,
				      .object = f->key,
				      .trigger = d->trigger,
				      .file = f->mark.file,
				      .line = f->mark.line},
		 "%s: firmware %s %s", d->handle, f->version, what);
}

/* Has a flash of it been begun that nobody has heard of since? */
static bool is_open(struct device *d, const struct firmware *f)
{
	const struct flash_latch *l = latch_of(d);
	_cleanup_free_ char *text = firmware_text(f);

	return text_equal(l->firmware, text) &&
	       (l->stage == FLASH_BEGUN || l->stage == FLASH_UNVERIFIED);
}

/** device_begin_flash() - the request is about to be sent. The second one is the last one. */
void device_begin_flash(struct device *d, const struct step *s)
{
	set_stage(d, &s->firmware, is_open(d, &s->firmware) ? FLASH_WRITTEN : FLASH_BEGUN, NULL);
}

/**
 * device_flash_ended() - by its acknowledgement; nothing else tells the outcome.
 *
 * A lost answer leaves it open: activating it will tell. The same goes for a device that is gone.
 */
void device_flash_ended(struct device *d, const struct step *s, const struct step_result *r,
			uint64_t now)
{
	struct buf b = {};

	d->identify = true;
	if (r->error == 0) {
		set_stage(d, &s->firmware, FLASH_WRITTEN, NULL);
		log_progress(d, &s->firmware, MESSAGE_FLASHED, "is written to flash");
	}
	if (r->error == 0 || r->error == -ENODEV || (r->lost && !r->unsent))
		return;
	failure_add(d, s, r, now);
	if (r->unsent || error_is_transient(r->error)) {
		set_stage(d, &s->firmware, FLASH_NONE, NULL);
		return;
	}
	failure_explain(&d->failures.v[d->failures.n - 1], &b);
	set_stage(d, &s->firmware, FLASH_FAILED, buf_take(&b));
	failures_drop_reload(d); /* the latch tells from now on */
}

/** device_activated() - a reload that activates firmware was acknowledged. */
void device_activated(struct device *d)
{
	const struct firmware *f = &d->goal.firmware;

	if (f->version)
		set_stage(d, f, is_open(d, f) ? FLASH_UNVERIFIED : FLASH_ACTIVATED, NULL);
}

static void give_up(struct device *d, const struct firmware *f)
{
	const char *running = facts_version(&d->world.facts, VERSION_RUNNING, f->key);
	const char *stored = facts_version(&d->world.facts, VERSION_STORED, f->key);
	bool written = latch_of(d)->stage != FLASH_ACTIVATED;

	set_stage(d, f, FLASH_MISMATCH,
		  mem_printf("firmware %s did not come true: after %s, %s is %s%s%s", f->version,
			     written ? "the flash" : "the activation", f->key,
			     running ? running : "not reported", stored ? ", stored " : "",
			     stored ? stored : ""));
	log_with(LOG_ERR,
		 &(struct log_fields){.id = MESSAGE_FIRMWARE_MISMATCH,
				      .device = d->handle,
				      .object = f->key,
				      .trigger = d->trigger,
				      .file = f->mark.file,
				      .line = f->mark.line},
		 "%s: %s; it is not tried again", d->handle, latch_of(d)->reason);
	d->revision++;
}

/** device_follow_firmware() - what the versions that were read say of it. */
void device_follow_firmware(struct device *d)
{
	const struct firmware *f = &d->want.firmware;
	struct flash_latch *l = latch_of(d);
	_cleanup_free_ char *text = NULL;

	if (l->stage != FLASH_NONE && l->stage != FLASH_MISMATCH &&
	    !text_equal(l->boot, d->env->boot))
		memory_set_flash(&d->world.memory, (struct flash_latch){});
	if (!f->version || d->identify)
		return;
	text = firmware_text(f);
	if (l->stage == FLASH_NONE || l->stage == FLASH_FAILED || !text_equal(l->firmware, text))
		return;
	switch (firmware_need(f, &d->world)) {
	case FIRMWARE_RUNS:
		if (l->stage != FLASH_CONFIRMED) {
			set_stage(d, f, FLASH_CONFIRMED, NULL);
			log_progress(d, f, MESSAGE_FIRMWARE_RUNS, "runs");
		}
		return;
	case FIRMWARE_MISMATCH:
		if (l->stage != FLASH_MISMATCH)
			give_up(d, f);
		return;
	case FIRMWARE_FLASH:
	case FIRMWARE_ACTIVATE:
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		return;
	}
}

/** device_look_again() - the file may be another one now. */
void device_look_again(struct device *d)
{
	image_verdict_clear(&d->world.image);
}

/** device_need_image() - bind has to know what the file of @f is like. */
void device_need_image(struct device *d, const struct firmware *f)
{
	device_look_again(d);
	d->world.image.file = mem_strdup(f->file);
	d->world.image.sha256 = f->sha256 ? mem_strdup(f->sha256) : NULL;
	d->need_image = true;
}

/** device_take_image() - it has been looked at. */
void device_take_image(struct device *d, int error, const char *why)
{
	free(d->world.image.why);
	d->world.image.error = error;
	d->world.image.why = error ? mem_strdup(why ? why : strerror(-error)) : NULL;
}
