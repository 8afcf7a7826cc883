// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See watch.h. Signals say what has changed; all is asked for when carved comes to the bus, so that
 * what happened meanwhile is found by comparing. Decides that a device has gone only when carved
 * says so: one that has just been started has not found them all.
 */
#include "watch.h"
#include "base/clock.h"
#include "ctl/client.h"
#include "ctl/message.h"

#include <errno.h>
#include <string.h>

/* Until carved, which has not answered, is asked again. */
#define AGAIN_USEC USEC_PER_SEC

#define MATCH "type='signal',sender='" CLIENT_NAME "',path_namespace='" CLIENT_PATH "'"
#define MATCH_OWNER                                                                                \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"            \
	"member='NameOwnerChanged',arg0='" CLIENT_NAME "'"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* --- which devices there are --------------------------------------------------------- */

static struct device *find(const struct watch *w, const char *path)
{
	vec_each(d, &w->devices)
		if (strcmp((*d)->path, path) == 0)
			return *d;
	return NULL;
}

static struct device *get(struct watch *w, const char *path, const char *trigger)
{
	struct device *d = find(w, path);

	if (d)
		return d;
	d = device_new(w->bench, path, trigger);
	vec_push(&w->devices, d);
	return d;
}

/* Those that are gone, once their scripts have ended. */
static void sweep(struct watch *w)
{
	for (size_t i = w->devices.n; i-- > 0;) {
		struct device *d = w->devices.v[i];

		if (!d->gone || !device_is_idle(d))
			continue;
		vec_remove(&w->devices, i);
		device_free(d);
	}
}

/* --- messages --------------------------------------------------------------------------- */

/* The interfaces of the object @path, each with its properties. */
static int read_object(struct watch *w, sd_bus_message *m, const char *path, const char *trigger)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		struct arena arena = {};
		const char *interface = "";
		struct device *d = NULL;

		r = message_read_line(m, &arena, &interface);
		if (r > 0 && strcmp(interface, CLIENT_DEVICE) == 0)
			d = get(w, path, trigger);
		if (r > 0)
			r = d ? told_read(&d->told, m) : sd_bus_message_skip(m, "a{sv}");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (d && r >= 0) {
			d->gone = false;
			device_hear(d, NULL);
		}
		arena_clear(&arena);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_objects(struct watch *w, sd_bus_message *m)
{
	int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		const char *path;

		r = sd_bus_message_read(m, "o", &path);
		if (r > 0)
			r = read_object(w, m, path, "start");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Is carved not on the bus? When it comes, it is asked. */
static bool is_absent(sd_bus_message *m)
{
	return sd_bus_message_is_method_error(m, SD_BUS_ERROR_SERVICE_UNKNOWN) > 0 ||
	       sd_bus_message_is_method_error(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0;
}

static int on_objects(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct watch *w = user;

	w->asked = sd_bus_slot_unref(w->asked);
	if (sd_bus_message_is_method_error(m, NULL)) {
		sd_event_source_set_time_relative(w->again, AGAIN_USEC);
		sd_event_source_set_enabled(w->again,
					    is_absent(m) ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
		return 0;
	}
	read_objects(w, m);
	return 0;
}

static int ask(struct watch *w)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(w->bus, &call, CLIENT_NAME, CLIENT_PATH,
					       OBJECT_MANAGER, "GetManagedObjects");

	w->asked = sd_bus_slot_unref(w->asked);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(call, false);
	return r < 0 ? r : sd_bus_call_async(w->bus, &w->asked, call, on_objects, w, UINT64_MAX);
}

static int on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *user)
{
	return ask(user);
}

static int on_owner(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	bool before, now;

	return message_read_owners(m, &before, &now) >= 0 && now ? ask(user) : 0;
}

static void take_added(struct watch *w, sd_bus_message *m)
{
	const char *path;

	if (sd_bus_message_read(m, "o", &path) > 0)
		read_object(w, m, path, "registration");
}

static void take_removed(struct watch *w, sd_bus_message *m)
{
	const char *path;
	struct device *d;

	if (sd_bus_message_read(m, "o", &path) <= 0)
		return;
	d = find(w, path);
	if (d)
		device_leave(d);
}

static void take_properties(struct watch *w, sd_bus_message *m)
{
	struct device *d = find(w, sd_bus_message_get_path(m));
	struct arena arena = {};
	const char *interface;

	if (d && message_read_line(m, &arena, &interface) > 0 &&
	    strcmp(interface, CLIENT_DEVICE) == 0 && told_read(&d->told, m) >= 0)
		device_hear(d, NULL);
	arena_clear(&arena);
}

static void take_record(struct watch *w, sd_bus_message *m)
{
	const char *handle = "", *trigger = "";
	struct arena arena = {};

	if (message_read_line(m, &arena, &handle) > 0)
		message_read_line(m, &arena, &trigger);
	vec_each(d, &w->devices)
		if (!(*d)->gone && (*d)->told.handle && strcmp((*d)->told.handle, handle) == 0)
			device_hear(*d, trigger);
	arena_clear(&arena);
}

static int on_signal(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	static const struct {
		const char *interface, *member;
		void (*take)(struct watch *w, sd_bus_message *m);
	} signals[] = {
		{OBJECT_MANAGER, "InterfacesAdded", take_added},
		{OBJECT_MANAGER, "InterfacesRemoved", take_removed},
		{"org.freedesktop.DBus.Properties", "PropertiesChanged", take_properties},
		{CLIENT_MANAGER, "Changed", take_record},
	};
	struct watch *w = user;

	for (size_t i = 0; !w->asked && i < ARRAY_SIZE(signals); i++)
		if (sd_bus_message_is_signal(m, signals[i].interface, signals[i].member) > 0)
			signals[i].take(w, m);
	sweep(w);
	return 0;
}

/**
 * watch_start() - follow what carved tells, now or when it comes to @bus.
 *
 * Return: 0 or more; -errno.
 */
int watch_start(struct watch *w, sd_bus *bus)
{
	int r = sd_bus_add_match(bus, NULL, MATCH, on_signal, w);

	w->bus = bus;
	if (r >= 0)
		r = sd_event_add_time(w->bench->event, &w->again, CLOCK_MONOTONIC, 0, 0, on_again,
				      w);
	if (r >= 0)
		r = sd_event_source_set_enabled(w->again, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL, MATCH_OWNER, on_owner, w);
	return r < 0 ? r : ask(w);
}

/** watch_stop() - forget all devices. */
void watch_stop(struct watch *w)
{
	sd_bus_slot_unref(w->asked);
	sd_event_source_disable_unref(w->again);
	vec_each(d, &w->devices)
		device_free(*d);
	vec_clear(&w->devices);
}
