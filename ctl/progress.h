/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on while carvectl waits, in one line of a terminal. */
#pragma once

#include "answer.h"
#include "style.h"

/* A device that works. */
struct working {
	const struct device_answer *device;
	uint64_t elapsed; /* microseconds in its state */
};

struct progress_line {
	VEC(struct working) working; /* the one that has worked for the longest time first */
	size_t n_managed;	     /* devices of an entry, these among them */
	uint64_t elapsed;	     /* microseconds since the wait began */
};

const char *progress_words(const struct progress_answer *p, const char *state);
void progress_render(const struct progress_line *p, const struct style *style, struct buf *out);
