// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps what is worth keeping of devices between their registrations. Decides how many devices are remembered;
 * how many records each has is the machine's.
 */
#include "manager/departed.h"

#include <string.h>

/* Devices that are gone; who went first is forgotten first. */
#define PAST_MAX 64

static void forget(past_list *l, size_t i)
{
	free(l->v[i].handle);
	free(l->v[i].entry);
	records_clear(&l->v[i].records);
	config_unref(l->v[i].accepted.config);
	vec_remove(l, i);
}

/** past_keep() - take over from @m, which is to be freed. */
void past_keep(past_list *l, struct managed *m)
{
	const struct device *d = managed_device(m);

	if (!d->records.n && !d->accepted.config)
		return;
	if (l->n == PAST_MAX)
		forget(l, 0);
	vec_push(l, ((struct past){.handle = mem_strdup(d->handle),
				   .entry = mem_strdup(device_entry_name(d)),
				   .records = managed_take_records(m),
				   .accepted = d->accepted}));
	if (d->accepted.config)
		config_ref(d->accepted.config);
}

/** past_return() - @m is new: it goes on where its predecessor was. */
void past_return(past_list *l, struct managed *m)
{
	for (size_t i = l->n; i-- > 0;) {
		if (strcmp(l->v[i].handle, managed_device(m)->handle) != 0)
			continue;
		managed_inherit(m, &l->v[i].records, &l->v[i].accepted);
		forget(l, i);
	}
}

void past_clear(past_list *l)
{
	while (l->n)
		forget(l, l->n - 1);
	vec_clear(l);
}
