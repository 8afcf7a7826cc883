// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps the records of devices between their registrations. Decides how many devices are remembered;
 * how many records each has is the machine's.
 */
#include "past.h"

#include <string.h>

/* Devices that are gone; who went first is forgotten first. */
#define PAST_MAX 64

static void forget(past_list *l, size_t i)
{
	free(l->v[i].handle);
	free(l->v[i].entry);
	records_clear(&l->v[i].records);
	vec_remove(l, i);
}

/** past_keep() - take over the records of @m, which is to be freed. */
void past_keep(past_list *l, struct managed *m)
{
	const struct device *d = managed_device(m);

	if (!d->records.n)
		return;
	if (l->n == PAST_MAX)
		forget(l, 0);
	vec_push(l, ((struct past){mem_strdup(d->handle), mem_strdup(device_entry_name(d)),
				   managed_take_records(m)}));
}

/** past_return() - @m is new: it goes on with the records of its predecessor. */
void past_return(past_list *l, struct managed *m)
{
	for (size_t i = l->n; i-- > 0;) {
		if (strcmp(l->v[i].handle, managed_device(m)->handle) != 0)
			continue;
		managed_give_records(m, &l->v[i].records);
		forget(l, i);
	}
}

void past_clear(past_list *l)
{
	while (l->n)
		forget(l, l->n - 1);
	vec_clear(l);
}
