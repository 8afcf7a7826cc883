// SPDX-License-Identifier: GPL-2.0-or-later
/* Knows which devices have a turn; what they do with it is their machines'. */
#include "manager/turns.h"
#include "base/text.h"
#include "manager/devices.h"
#include "model/version.h"

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

/* Is it not known yet which firmware @d wants by the config in force? */
static bool is_open(const struct devices *list, const struct device *d)
{
	const struct assignment *a = &d->assignment;

	if (a->latest != list->config)
		return true;
	if (d->settled)
		return false;
	return !view_is_identified(&d->view) || (a->used.entry && !assignment_is_bound(a));
}

/* Do both want the same component of the chip to be of different versions? */
static bool want_different(const struct device *a, const struct device *b)
{
	const struct firmware *x = &a->assignment.want.firmware, *y = &b->assignment.want.firmware;

	return x->version && y->version && text_equal(x->key, y->key) &&
	       text_equal(x->component, y->component) &&
	       version_compare(a->world.facts.driver, x->key, x->version, y->version) !=
		       VERSION_SAME;
}

/* What the others that share the chip of @me say of a flash; @ret_rival: of a TURN_CLASH. */
static enum turn find_clash(struct devices *list, const struct device *me,
			    const struct device **ret_rival)
{
	enum turn turn = TURN_NOW;

	vec_each(m, &list->list) {
		const struct device *other = runner_device(m->runner);

		if (other == me || runner_gone(m->runner) || !share_a_chip(me, other))
			continue;
		if (is_open(list, other)) {
			turn = TURN_LATER;
		} else if (want_different(me, other)) {
			*ret_rival = other;
			return TURN_CLASH;
		}
	}
	return turn;
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
 * @ret_rival: of a TURN_CLASH: who wants which other firmware, to be freed
 *
 * Return: TURN_NOW: it has the turn, until it rests.
 */
enum turn turns_take(void *devices, const struct device *d, bool flash, char **ret_rival)
{
	struct devices *list = devices;
	struct member *me = member_of(list, d);
	const struct device *rival = NULL;
	enum turn turn = TURN_NOW;

	if (!me) /* it is being added */
		return TURN_LATER;
	me->clash = flash ? find_clash(list, d, &rival) : TURN_NOW;
	if (me->clash != TURN_NOW)
		turn = me->clash;
	else if (!me->turn || (flash && me->turn != TURN_TO_FLASH))
		turn = find_turn(list, d, flash);
	if (turn == TURN_NOW && (flash || !me->turn))
		me->turn = flash ? TURN_TO_FLASH : TURN_TO_RELOAD;
	if (rival)
		*ret_rival = mem_printf("%s (entry %s) wants %s", rival->handle,
					device_entry_name(rival),
					rival->assignment.want.firmware.version);
	return turn;
}

/* Do others that share the chip of @m say something else of its flash than when it asked? */
static bool clash_changed(struct devices *list, const struct member *m)
{
	const struct device *d = runner_device(m->runner), *rival = NULL;

	return m->clash != TURN_NOW && find_clash(list, d, &rival) != m->clash;
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
	for (size_t i = 0; i < list->list.n; i++) {
		struct member *m = &list->list.v[i];

		if (!(ended && devices_at(list, i)->turn.is == TURN_LATER) &&
		    !clash_changed(list, m))
			continue;
		m->clash = TURN_NOW;
		runner_event(m->runner, &(struct device_event){.type = DEVICE_EV_TURN});
	}
}
