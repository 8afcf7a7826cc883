/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of a name, figures and a bar, which stand below each other over all sections:
 *
 *	struct bars b = {};
 *	bars_title(&b, "POOL", "BYTES", "", "KIND", "BESIDE THE LARGEST");
 *	*bars_add(&b) = (struct bar){.name = ..., .kind = BAR_ALONE, .to = 0.5};
 *	bars_render(&b, &style, &out);
 *	bars_clear(&b);
 *
 * Texts are borrowed or of the arena; one that is missing is "".
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "style.h"

enum bar_kind {
	BAR_NONE, /* no bar */
	BAR_PART, /* where it lies in the whole, which is shown, too */
	BAR_ALONE,
	BAR_LINE, /* thinner: of something that has no room */
};

struct bar {
	const char *name, *size, *used, *range;
	const char *range_is; /* before the range, where it is below the line for want of room */
	const char *below;    /* in a line of its own */
	const char *words;    /* in place of a bar */
	unsigned indent;
	enum bar_kind kind;
	double from, to, taken; /* of the whole, which is 1; in use is what lies before taken */
	bool title;
};

struct bars {
	struct arena arena;
	VEC(struct bar) lines;
};

struct bar *bars_add(struct bars *b);
void bars_title(struct bars *b, const char *name, const char *size, const char *used,
		const char *range, const char *words);
void bars_render(const struct bars *b, const struct style *style, struct buf *out);
void bars_clear(struct bars *b);
