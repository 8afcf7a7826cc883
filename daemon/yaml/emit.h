/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back: what a device is like now, as a desired state that changes nothing. */
#pragma once

#include "model/world.h"

char *yaml_emit_world(const char *handle, const struct world *w, bool json);
