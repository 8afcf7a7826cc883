/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of an entry that name things of a device: the classes' sections and the firmware. */
#pragma once

#include "yaml/rules.h"

bool objects_is_path(const char *name);
void objects_check(struct schema *s, struct pair *section);
void firmware_check(struct schema *s, struct pair *p);
