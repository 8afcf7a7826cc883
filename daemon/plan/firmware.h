/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be done to make the wanted firmware run. */
#pragma once

#include "model/world.h"

enum firmware_need {
	FIRMWARE_RUNS,	   /* or none is wanted */
	FIRMWARE_FLASH,	   /* neither running nor stored */
	FIRMWARE_ACTIVATE, /* it is on the device */
	FIRMWARE_FAILED,   /* its flash failed in this boot */
	FIRMWARE_GONE,	   /* it ran in this boot, and does not any more */
	FIRMWARE_MISMATCH, /* what was written or activated is another version */
};

enum firmware_need firmware_need(const struct firmware *want, const struct world *w);
const char *firmware_in_the_way(const struct firmware *want, const struct world *w);
bool firmware_activated_by(const struct world *w, uint8_t action);
