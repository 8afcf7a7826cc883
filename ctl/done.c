// SPDX-License-Identifier: GPL-2.0-or-later
/* Tells the records of one command from those before it, by the time of the newest. */
#include "done.h"
#include "fetch.h"
#include "history.h"
#include "table.h"

#include <errno.h>
#include <string.h>

#define INDENT	    4  /* of what does not fit into the line of a record */
#define MISSING_MAX 10 /* of devices and entries that are named */

/**
 * done_mark() - the time of the newest record so far.
 * @device: "" for all
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int done_mark(struct client *c, const char *device, struct arena *arena, uint64_t *ret)
{
	record_list last = {};
	int r = fetch_records(c, device, 1, arena, &last);

	*ret = last.n ? last.v[0].time : 0;
	vec_clear(&last);
	return r == -ENODEV ? fetch_no_such_device(c, device) : r;
}

/**
 * done_fetch() - what was done after @before, added to @ret.
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int done_fetch(struct client *c, const char *device, uint64_t before, struct arena *arena,
	       record_list *ret)
{
	record_list all = {};
	int r = fetch_records(c, device, 0, arena, &all);

	vec_each(record, &all)
		if (record->time > before)
			vec_push(ret, *record);
	vec_clear(&all);
	return r == -ENODEV ? 0 : r; /* the device is gone */
}

/** done_state() - why a device or an entry is not as wanted; to be freed. */
char *done_state(const struct device_answer *d)
{
	/* "paused by root until ..." says it already */
	bool said = strncmp(d->reason, d->state, strlen(d->state)) == 0;

	return mem_printf("%s%s %s %s%s%s", *d->handle ? "" : "entry ",
			  *d->handle ? d->handle : d->entry,
			  strcmp(d->state, "failed") == 0 ? "has" : "is", said ? "" : d->state,
			  *d->reason && !said ? ": " : "", d->reason);
}

static bool is_told(const record_list *records, const struct device_answer *d)
{
	vec_each(record, records)
		if (strcmp(record->handle, d->handle) == 0)
			return true;
	return strcmp(d->state, "converged") == 0 || strcmp(d->state, "unmanaged") == 0;
}

/**
 * done_render_missing() - append a paragraph for each device and entry that is not as wanted and
 * of which no record tells.
 *
 * There is none of a device on which carved goes on trying.
 */
void done_render_missing(struct client *c, const record_list *records, const struct style *style,
			 struct buf *out)
{
	struct status_answer s;
	size_t n = 0;

	if (fetch_status(c, NULL, &s) >= 0)
		vec_each(d, &s.devices) {
			_cleanup_free_ char *text = done_state(d);

			if (!is_told(records, d) && n++ < MISSING_MAX)
				wrap_render(text, INDENT, style, out);
		}
	if (n > MISSING_MAX)
		buf_add(out, "... and %zu more\n", n - MISSING_MAX);
	answer_clear(&status_type, &s, &s.arena);
}

/** done_render() - append a paragraph for each record. */
void done_render(const record_list *records, const struct style *style, struct buf *out)
{
	vec_each(record, records) {
		_cleanup_free_ char *line = history_line(record);

		wrap_render(line, INDENT, style, out);
	}
	if (!records->n)
		buf_add(out, "Nothing was done.\n");
}
