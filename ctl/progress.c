// SPDX-License-Identifier: GPL-2.0-or-later
/* How the line looks. The caller knows what is going on, and for how long. */
#include "progress.h"
#include "base/clock.h"
#include "base/text.h"
#include "glyph.h"

#include <inttypes.h>

#define BAR_WIDTH 24

/** progress_words() - what it says beside the @state of the device; "" for the same. */
const char *progress_words(const struct progress_answer *p, const char *state)
{
	return strncasecmp(p->what, state, 5) == 0 ? "" : p->what;
}

static unsigned percent_of(const struct progress_answer *p)
{
	return (unsigned)((double)MIN(p->done, p->total) * 100 / (double)p->total);
}

static void add_bar(const struct progress_answer *p, const struct style *style, struct buf *out)
{
	unsigned percent = percent_of(p);

	buf_add(out, "  [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		buf_add(out, "%s",
			i * 100 < percent * BAR_WIDTH ? (style->utf8 ? "█" : "#")
						      : (style->utf8 ? "░" : "."));
	buf_add(out, "] %3u%%", percent);
}

/* What is done to it: its state may tell of something worse. */
static const char *work_of(const struct device_answer *d)
{
	if (state_colour(d->state) == COLOUR_BUSY)
		return d->state;
	return strcmp(d->progress.what, "reload") == 0 ? "reloading" : "applying";
}

/* The only one that works: all there is to know of it. */
static void add_one(const struct working *w, const struct style *style, struct buf *out)
{
	const struct device_answer *d = w->device;
	const char *what = progress_words(&d->progress, work_of(d));

	buf_add(out, "%s  %s", d->handle, work_of(d));
	if (*what)
		buf_add(out, "  %s", what);
	if (d->progress.total)
		add_bar(&d->progress, style, out);
	buf_add(out, "  %" PRIu64 " s", w->elapsed / USEC_PER_SEC);
}

static char *name_of(const struct working *w)
{
	const struct device_answer *d = w->device;

	if (d->progress.total)
		return mem_printf("%s %s %u%%", d->handle, work_of(d), percent_of(&d->progress));
	return mem_printf("%s %s", d->handle, work_of(d));
}

/* As many names as fit into @room columns. */
static void add_names(const struct progress_line *p, size_t room, struct buf *out)
{
	size_t n = 0;

	vec_each(w, &p->working) {
		_cleanup_free_ char *name = name_of(w);
		_cleanup_free_ char *more = mem_printf(" and %zu more", p->working.n - n);
		bool last = n + 1 == p->working.n;

		if (glyph_width(out->s, SIZE_MAX) + glyph_width(name, SIZE_MAX) + 2 +
			    (last ? 0 : strlen(more)) >
		    room) {
			buf_add(out, "%s", n ? more : "");
			return;
		}
		buf_add(out, "%s%s", n++ ? ", " : ": ", name);
	}
}

static void add_many(const struct progress_line *p, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *tail = mem_printf("  %" PRIu64 " s", p->elapsed / USEC_PER_SEC);

	buf_add(out, "%zu of %zu at rest", p->n_managed - MIN(p->working.n, p->n_managed),
		p->n_managed);
	add_names(p, style->width ? style->width - 1 - strlen(tail) : SIZE_MAX / 2, out);
	buf_add(out, "%s", tail);
}

/** progress_render() - append the line, without a newline and not wider than the terminal. */
void progress_render(const struct progress_line *p, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *line = NULL;
	struct buf b = {};

	if (!p->working.n)
		buf_add(&b, "waiting for all devices to come to rest  %" PRIu64 " s",
			p->elapsed / USEC_PER_SEC);
	else if (p->working.n == 1 && p->n_managed <= 1)
		add_one(p->working.v, style, &b);
	else
		add_many(p, style, &b);
	line = buf_take(&b);
	buf_add(out, "%.*s", (int)glyph_fit(line, style->width ? style->width - 1 : SIZE_MAX),
		line);
}
