// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capture(): what a device is like, as a desired state or (option `facts`) as facts. The catalogue is
 * read for it, so the answer comes later than the question; nobody else waits for it.
 */
#include "bus/internal.h"
#include "model/json.h"
#include "yaml/emit.h"

static struct managed *find(const struct bus *b, const char *name)
{
	for (size_t i = 0; i < manager_count(b->manager); i++) {
		struct managed *m = manager_at(b->manager, i);

		if (*name && !managed_gone(m) && manager_means(name, managed_device(m)))
			return m;
	}
	return NULL;
}

/** bus_capture() - the method; see sd_bus_message_handler_t(3). */
int bus_capture(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct bus *b = user;
	struct managed *managed;
	const char *name;
	bool facts = false;
	int r = sd_bus_message_read(m, "s", &name);

	if (r >= 0)
		r = bus_read_option(m, "facts", &facts);
	if (r < 0)
		return r;
	managed = find(b, name);
	if (!managed)
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "no device %s", name);
	vec_push(&b->captures, ((struct bus_capture){sd_bus_message_ref(m), managed,
						     managed_device(managed)->catalogues, facts}));
	managed_event(managed, &(struct device_event){.type = DEVICE_EV_CAPTURE});
	return 1;
}

static char *facts_text(const struct device *d)
{
	json_t *j = facts_to_json(d->handle, &d->world);
	char *text = json_dumps(j, JSON_INDENT(2));

	json_decref(j);
	return text;
}

static void answer(const struct bus_capture *c)
{
	const struct device *d = managed_device(c->managed);
	_cleanup_free_ char *text =
		c->facts ? facts_text(d) : yaml_emit_world(d->handle, &d->world);

	sd_bus_reply_method_return(c->call, "s", text);
	sd_bus_message_unref(c->call);
}

/** bus_captures_answer() - answer those who waited for what @changed has read now. */
void bus_captures_answer(struct bus *b, const struct managed *changed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		struct bus_capture c = b->captures.v[i];

		if (c.managed != changed || managed_device(c.managed)->catalogues == c.catalogues)
			continue;
		vec_remove(&b->captures, i);
		answer(&c);
	}
}

/** bus_captures_drop() - the device is gone; NULL: all, the connection is. */
void bus_captures_drop(struct bus *b, const struct managed *removed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		struct bus_capture c = b->captures.v[i];

		if (removed && c.managed != removed)
			continue;
		vec_remove(&b->captures, i);
		sd_bus_reply_method_errorf(c.call, BUS_ERROR("NoSuchDevice"), "the device is gone");
		sd_bus_message_unref(c.call);
	}
}
