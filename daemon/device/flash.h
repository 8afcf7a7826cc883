/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the wanted firmware has come, over crashes and reboots: one flash and one activation for
 * each firmware and boot. What is to be done is the planner's to say (plan/firmware.h), by this and
 * by the versions read. The only writer of memory.lasting.flash.
 */
#pragma once

#include "device/failures.h"
#include "model/world.h"

/* What a flash, or the versions that were read, showed. */
enum flash_news {
	FLASH_NEWS_NONE,
	FLASH_NEWS_WRITTEN,
	FLASH_NEWS_RUNS,
	FLASH_NEWS_MISMATCH, /* another version is there; the latch says which */
	FLASH_NEWS_FAILED,   /* to be told to flash_failed() as well */
};

void flash_begin(struct memory *m, const char *boot, const struct step *s);
enum flash_news flash_ended(struct memory *m, const char *boot, const struct step *s,
			    const struct step_result *r);
void flash_failed(struct memory *m, const char *boot, const struct failure *f);
void flash_activated(struct memory *m, const char *boot, const struct firmware *f);
enum flash_news flash_follow(struct world *w, const char *boot, const struct firmware *f);
void flash_end_boot(struct memory *m, const char *boot);
void flash_forgive(struct memory *m);
