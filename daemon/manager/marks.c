// SPDX-License-Identifier: GPL-2.0-or-later
/* Which notifications make a difference. Decides nothing about devices. */
#include "manager/marks.h"

/**
 * marks_add() - one more notification.
 * @kind: DEVICE_EV_STALE, DEVICE_EV_COUNTED, DEVICE_EV_VANISHED or DEVICE_EV_RECREATED
 * @identify: versions, too, may have changed
 */
void marks_add(struct marks *m, enum device_event_type kind, bool identify, enum trigger trigger)
{
	size_t kept = 0;

	if (m->messages++ == 0)
		m->trigger = trigger;
	m->identify |= identify;
	if (kind == DEVICE_EV_STALE && m->n > 0)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (m->kinds[i] != kind)
			m->kinds[kept++] = m->kinds[i];
	m->kinds[kept++] = kind;
	m->n = kept;
}

/** marks_event() - Return: all of it as one event, which borrows from @m. */
struct device_event marks_event(const struct marks *m)
{
	return (struct device_event){.type = DEVICE_EV_HEARD,
				     .heard = m->kinds,
				     .n_heard = m->n,
				     .identify = m->identify,
				     .trigger = m->trigger};
}
