// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps what is worth keeping of devices between their registrations. Decides how many devices are
 * remembered; how many records each has is the machine's.
 */
#include "manager/departed.h"

#include <string.h>

/* Devices that are gone; who went first is forgotten first. */
#define DEPARTED_MAX 64

static void forget(departed_list *l, size_t i)
{
	free(l->v[i].handle);
	free(l->v[i].entry);
	records_clear(&l->v[i].records);
	config_unref(l->v[i].accepted.config);
	vec_remove(l, i);
}

/** departed_keep() - take over from @r, which is to be freed. */
void departed_keep(departed_list *l, struct runner *r)
{
	const struct device *d = runner_device(r);

	if (!d->history.records.n && !d->assignment.accepted.config)
		return;
	if (l->n == DEPARTED_MAX)
		forget(l, 0);
	vec_push(l, ((struct departed){.handle = mem_strdup(d->handle),
				       .entry = mem_strdup(device_entry_name(d)),
				       .records = runner_take_records(r),
				       .accepted = d->assignment.accepted}));
	if (d->assignment.accepted.config)
		config_ref(d->assignment.accepted.config);
}

/** departed_return() - @r is new: it goes on where its predecessor was. */
void departed_return(departed_list *l, struct runner *r)
{
	for (size_t i = l->n; i-- > 0;) {
		if (strcmp(l->v[i].handle, runner_device(r)->handle) != 0)
			continue;
		runner_inherit(r, &l->v[i].records, &l->v[i].accepted);
		forget(l, i);
	}
}

/** departed_clear() - at the end. */
void departed_clear(departed_list *l)
{
	while (l->n)
		forget(l, l->n - 1);
	vec_clear(l);
}
