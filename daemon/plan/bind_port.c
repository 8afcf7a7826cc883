// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports that other wishes of the same entry make or take away: what is said of one that is to come
 * waits for it, and what is said of one that is to go is wrong.
 */
#include "plan/binder.h"

#include <string.h>

/* The wish for the object @name, or for all that are not named; or NULL. */
static const struct wish *wish_for(const struct binder *b, const struct class *class,
				   const char *name)
{
	const struct winner *w = bind_winner(b, class, name);

	if (!w && class_has_ports(class))
		w = bind_winner(b, class, PORT_DEFAULT);
	return w ? w->wish : NULL;
}

static void complain(struct binder *b, const struct winner *winner, const struct wish *maker,
		     const char *object, const char *port, const char *hint)
{
	if (winner->preset)
		bind_missing(b, winner);
	else
		bind_error_name(b, winner->wish, "%s %s: %s (line %u) leaves no port %s%s",
				maker->class->section, object, maker->text, maker->mark.line, port,
				hint);
}

/* What becomes of @port by what is wanted of @class. Of one that goes it is complained of. */
static enum port_fate fate_by(struct binder *b, const struct class *class,
			      const struct winner *winner, const char *port)
{
	_cleanup_free_ char *object = class->maker(port), *why = NULL, *text = NULL;
	const struct wish *maker = object ? wish_for(b, class, object) : NULL;
	const struct object *have =
		maker ? state_find(&b->world->have, class, object, CLASS_NO_CMODE) : NULL;
	enum port_fate fate;
	struct value wanted;
	struct buf hint = {};

	if (!have ||
	    value_parse(maker->text, class->fields[0].type, class->fields[0].names, &wanted, &why))
		return PORT_STAYS;
	fate = class->fate(have, &wanted, port, &hint);
	text = buf_take(&hint);
	if (fate == PORT_GOES)
		complain(b, winner, maker, object, port, text);
	return fate;
}

/**
 * bind_port_waits() - is the object that @winner names of a port that is to come or to go?
 *
 * Return: false where it can be bound now. Of a port that is to go it is complained of.
 */
bool bind_port_waits(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const char *end = class_port_of(w->class, w->object);
	_cleanup_free_ char *port = NULL;
	bool comes = false;

	if (!end)
		return false;
	port = mem_printf("%.*s", (int)(end - w->object), w->object);
	for (size_t i = 0; i < n_classes; i++) {
		if (!classes[i]->maker || classes[i] == w->class)
			continue;
		switch (fate_by(b, classes[i], winner, port)) {
		case PORT_GOES:
			return true;
		case PORT_COMES:
			comes = true;
			break;
		case PORT_STAYS:
			break;
		}
	}
	return comes && !bind_find(b, w);
}
