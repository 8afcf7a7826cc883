/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted and not in force, attribute by attribute, for people. */
#pragma once

#include "model/world.h"

struct drift {
	char *object, *attribute, *wanted, *actual;
};

typedef VEC(struct drift) drift_list;

bool drift_is_in_force(const struct object *want, const struct world *w);
bool drift_of_firmware(const struct firmware *f, const struct world *w);
void drift_find(const struct state *want, const struct world *w, drift_list *ret);
void drift_clear(drift_list *list);
