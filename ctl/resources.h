/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device is like now, for pictures of it. */
#pragma once

#include "client.h"
#include "model/world.h"

int resources_fetch(struct client *c, const char *device, struct world *ret);
