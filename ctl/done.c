// SPDX-License-Identifier: GPL-2.0-or-later
/* Tells the records of one command from those before it, by the time of the newest. */
#include "done.h"
#include "fetch.h"
#include "history.h"
#include "table.h"

#include <errno.h>

#define INDENT 4 /* of what does not fit into the line of a record */

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
