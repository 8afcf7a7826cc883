/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values to go back to: `pristine`, those before carved's first write in this registration, for
 * what leaves the config; `lasting.good`, the reload-class values with which the device worked, for
 * a reload that fails. The only writer of both, and of what is to be done with values that leave
 * the config (memory.restore, memory.reload).
 */
#pragma once

#include "device/assignment.h"
#include "model/step.h"

void baseline_keep(struct world *w, const struct state *want, const struct step *s);
void baseline_follow(struct world *w, const struct assignment *a);
void baseline_release(struct world *w);
void baseline_undo(struct world *w);
