/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from a read: whose reloads there were, which entry is the device's, what is to be
 * done.
 */
#pragma once

#include "device/composition.h"

void device_match(struct device *d);
bool device_take_reading(struct device *d, const struct device_reading *r, bool sent, uint64_t now);
