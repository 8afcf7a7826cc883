/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's handle as devlink writes it, "pci/0000:03:00.0": bus name, slash, device name. It
 * names a location, not a card.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Both are names in sysfs, of at most 255 bytes. */
#define HANDLE_PART_MAX 256

bool handle_valid(const char *handle);
bool handle_split(const char *handle, char bus[static HANDLE_PART_MAX],
		  char dev[static HANDLE_PART_MAX]);
