// SPDX-License-Identifier: GPL-2.0-or-later
/* How the line looks. The caller knows what is going on, and for how long. */
#include "progress.h"
#include "base/clock.h"
#include "base/text.h"
#include "glyph.h"

#include <inttypes.h>

#define BAR_WIDTH 24

static void add_bar(const struct progress_answer *p, const struct style *style, struct buf *out)
{
	uint64_t done = MIN(p->done, p->total);
	unsigned percent = (unsigned)((double)done * 100 / (double)p->total);

	buf_add(out, "  [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		buf_add(out, "%s",
			i * 100 < percent * BAR_WIDTH ? (style->utf8 ? "█" : "#")
						      : (style->utf8 ? "░" : "."));
	buf_add(out, "] %3u%%", percent);
}

/**
 * progress_render() - append the line, without a newline and not wider than the terminal.
 * @d: the device that works; NULL: none is known to
 * @elapsed: microseconds
 */
void progress_render(const struct device_answer *d, uint64_t elapsed, const struct style *style,
		     struct buf *out)
{
	_cleanup_free_ char *line = NULL;
	struct buf b = {};

	if (!d) {
		buf_add(&b, "waiting for all devices to come to rest");
	} else {
		const char *what = d->progress.what;

		buf_add(&b, "%s  %s", d->handle, d->state);
		if (*what && strcmp(what, "reload") != 0)
			buf_add(&b, "  %s", what);
		if (d->progress.total)
			add_bar(&d->progress, style, &b);
	}
	buf_add(&b, "  %" PRIu64 " s", elapsed / USEC_PER_SEC);
	line = buf_take(&b);
	buf_add(out, "%.*s", (int)glyph_fit(line, style->width ? style->width - 1 : SIZE_MAX),
		line);
}
