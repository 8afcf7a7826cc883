/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose turn it is to be reloaded or flashed. At most `parallel_reloads` devices at a time; of
 * those that share a flash chip only one while firmware is written, and none where they want
 * different firmware, as each would undo what the other has flashed. The turn ends when the device
 * rests; if it rests in quarantine, no other device has one until the config changes or an operator
 * asks.
 *
 *	turns_take(devices, device, flash)	a device's machine asks, before anything is staged
 *	turns_end(devices)			from the manager's conclusion
 */
#pragma once

#include "device/composition.h"

struct devices;

enum turn turns_take(void *devices, const struct device *d, bool flash, char **ret_rival);
void turns_end(struct devices *d);
