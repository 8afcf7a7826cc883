/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why there is no device of an entry, in words that help to find the error in it. */
#pragma once

#include "manager/devices.h"

char *absent_reason(const struct devices *d, const struct entry *e);
