// SPDX-License-Identifier: GPL-2.0-or-later
/* Knows which devices have a turn; what they do with it is their machines'. */
#include "manager/turns.h"
#include "base/text.h"
#include "manager/devices.h"

#include <string.h>

/* Functions of one card: the same bus, domain, bus and slot number, or board. */
static bool share_a_chip(const struct device *a, const struct device *b)
{
	const char *serial = a->world.facts.board_serial_number, *dot = strrchr(a->handle, '.');
	size_t n = dot ? (size_t)(dot - a->handle) + 1 : 0;

	if (serial && *serial && text_equal(serial, b->world.facts.board_serial_number))
		return true;
	return n && strncmp(a->handle, "pci/", 4) == 0 && strncmp(a->handle, b->handle, n) == 0;
}

static struct member *member_of(struct devices *list, const struct device *d)
{
	vec_each(m, &list->list)
		if (runner_device(m->runner) == d)
			return m;
	return NULL;
}

/* What stands in the way of a turn of @me. */
static enum turn find_turn(struct devices *list, const struct device *me, bool flash)
{
	unsigned limit = list->config->parallel_reloads, n = 0;

	if (limit && list->halted)
		return TURN_HELD;
	vec_each(m, &list->list) {
		const struct device *other = runner_device(m->runner);

		if (other == me || !m->turn)
			continue;
		n++;
		if ((flash || m->turn == TURN_TO_FLASH) && share_a_chip(me, other))
			return TURN_LATER;
	}
	return limit && n >= limit ? TURN_LATER : TURN_NOW;
}

/**
 * turns_take() - may @d, which is a member of @devices, be reloaded now, and flashed with @flash?
 *
 * Return: TURN_NOW: it has the turn, until it rests.
 */
enum turn turns_take(void *devices, const struct device *d, bool flash)
{
	struct devices *list = devices;
	struct member *me = member_of(list, d);
	enum turn turn;

	if (!me) /* it is being added */
		return TURN_LATER;
	if (me->turn)
		turn = flash && me->turn != TURN_TO_FLASH ? find_turn(list, d, flash) : TURN_NOW;
	else
		turn = find_turn(list, d, flash);
	if (turn == TURN_NOW && (flash || !me->turn))
		me->turn = flash ? TURN_TO_FLASH : TURN_TO_RELOAD;
	return turn;
}

/** turns_end() - those that rest give theirs back, and those that wait ask again. */
void turns_end(struct devices *list)
{
	bool ended = false;

	vec_each(m, &list->list) {
		const struct device *d = runner_device(m->runner);

		if (!m->turn || (device_busy(d) && !runner_gone(m->runner)))
			continue;
		list->halted |= d->status.state == STATE_QUARANTINED;
		m->turn = NO_TURN;
		ended = true;
	}
	for (size_t i = 0; ended && i < list->list.n; i++)
		if (devices_at(list, i)->turn == TURN_LATER)
			runner_event(list->list.v[i].runner,
				     &(struct device_event){.type = DEVICE_EV_TURN});
}
