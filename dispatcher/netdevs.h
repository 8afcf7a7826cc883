/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netdevs of a device, and whether udev has named them. */
#pragma once

#include <stdbool.h>

char *netdevs_of(const char *handle, bool *ret_named);
