/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to plan for. It is what the config wants, but for two things: values that were taken out of
 * the config go back to what they were before carved's first write, and after a reload that left
 * the device torn down its reload-class values are not the wanted ones, but those that worked. Only
 * these are kept while the device rests, which are mostly none; the whole is made when it is looked
 * at. Pure.
 */
#pragma once

#include "device/assignment.h"

/**
 * struct goal_input - what counts
 * @identified: the versions are those of now: firmware may be decided on
 */
struct goal_input {
	const struct assignment *assignment;
	const struct world *world;
	bool identified;
};

void goal_compose(const struct goal_input *in, struct state *ret);
void goal_whole(const struct state *goal, const struct state *want, struct state *ret);
void goal_restored(const struct state *goal, struct state *ret);
