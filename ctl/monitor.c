// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl monitor: what happens, line by line, until it is interrupted. A restart of carved is part of
 * what happens.
 */
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "glyph.h"
#include "history.h"
#include "output.h"
#include "when.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct seen {
	char *handle;
	uint64_t time; /* of its last record that was shown */
};

struct monitor {
	struct client client;
	VEC(struct seen) seen;
	bool news; /* there are records that were not shown */
	int failed;
};

/* --- how it looks ------------------------------------------------------------ */

static void show_text(const struct event_answer *e, struct buf *out)
{
	_cleanup_free_ char *time = when_text(e->time), *text = glyph_clean(e->text);

	buf_add(out, "%s ", time);
	if (strcmp(e->event, "change") == 0) {
		_cleanup_free_ char *line = history_line(&e->record);

		buf_add(out, "%s\n", line);
		return;
	}
	if (*e->handle)
		buf_add(out, "%s: ", e->handle);
	buf_add(out, "%s%s%s\n", e->state, *e->text ? ": " : "", text);
}

static void show(struct monitor *m, const struct event_answer *e)
{
	struct buf out = {};
	int r;

	if (m->client.ctl->json) {
		r = answer_print_line(&event_type, e, stdout);
		if (r < 0 || fflush(stdout) != 0)
			m->failed = -EIO;
		return;
	}
	show_text(e, &out);
	if (output_text(&out, CTL_OK) != CTL_OK)
		m->failed = -EIO;
}

static struct event_answer new_event(const char *event)
{
	struct event_answer e;

	answer_init(&event_type, &e);
	e.event = event;
	e.time = clock_wall();
	e.record.trigger = "";
	return e;
}

/* --- what comes -------------------------------------------------------------- */

static uint64_t *seen_get(struct monitor *m, const char *handle)
{
	struct seen *new;

	vec_each(s, &m->seen)
		if (strcmp(s->handle, handle) == 0)
			return &s->time;
	new = vec_add(&m->seen);
	new->handle = mem_strdup(handle);
	return &new->time;
}

/* Fetch what is new; with @quietly, only note that it is old now. */
static void take_records(struct monitor *m, bool quietly)
{
	struct history_answer a = {};

	m->news = false;
	if (fetch_records(&m->client, "", 0, &a.arena, &a.records) < 0 && quietly)
		m->failed = -EIO; /* later on, that carved is gone is a thing to show */
	vec_each(r, &a.records) {
		struct event_answer e = new_event("change");
		uint64_t *seen = seen_get(m, r->handle);

		if (r->time <= *seen)
			continue;
		*seen = r->time;
		e.record = *r;
		e.handle = r->handle;
		e.state = r->result;
		e.text = r->detail;
		e.time = r->time;
		if (!quietly)
			show(m, &e);
	}
	answer_clear(&history_type, &a, &a.arena);
}

static int on_changed(_unused_ sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	struct monitor *m = user;

	m->news = true;
	return 0;
}

static int on_device(sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	_cleanup_free_ char *handle = client_handle_of(sd_bus_message_get_path(message));
	struct event_answer e = new_event("state");
	struct device_answer d;
	struct arena arena = {};

	answer_init(&device_type, &d);
	if (handle && fetch_changed(message, &arena, &d) == 0 && *d.state) {
		e.handle = handle;
		e.state = d.state;
		e.text = d.reason;
		show(user, &e);
	}
	answer_clear(&device_type, &d, &arena);
	return 0;
}

static int on_removed(sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	_cleanup_free_ char *handle = NULL;
	struct event_answer e = new_event("state");
	const char *path;

	if (sd_bus_message_read(message, "o", &path) < 0)
		return 0;
	handle = client_handle_of(path);
	if (handle) {
		e.handle = handle;
		e.state = "absent";
		e.text = "the device is gone";
		show(user, &e);
	}
	return 0;
}

static int on_owner(sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	struct event_answer e = new_event("daemon");
	struct monitor *m = user;
	const char *now;

	if (sd_bus_message_read(message, "sss", NULL, NULL, &now) < 0)
		return 0;
	e.state = *now ? "started" : "ended";
	e.text = *now ? "carved is there" : "carved is gone";
	show(m, &e);
	vec_each(s, &m->seen)
		free(s->handle);
	vec_clear(&m->seen);
	m->news = *now;
	return 0;
}

static int prepare(struct monitor *m)
{
	int r = sd_bus_match_signal(m->client.bus, NULL, CLIENT_NAME, CLIENT_PATH, CLIENT_MANAGER,
				    "Changed", on_changed, m);

	if (r < 0)
		return client_fail(&m->client, NULL, r);
	r = sd_bus_match_signal(m->client.bus, NULL, CLIENT_NAME, CLIENT_PATH,
				"org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
				on_removed, m);
	if (r < 0)
		return client_fail(&m->client, NULL, r);
	r = client_match_devices(&m->client, on_device, m);
	if (r == 0)
		r = client_match_owner(&m->client, on_owner, m);
	if (r == 0)
		take_records(m, true);
	return r < 0 ? r : m->failed;
}

/* Each line has been written out. */
static void interrupted(_unused_ int number)
{
	_exit(CTL_OK);
}

static int listen(struct monitor *m)
{
	int r = 0;

	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	while (r >= 0 && m->failed == 0) {
		r = sd_bus_process(m->client.bus, NULL);
		if (r == 0 && m->news) {
			take_records(m, false);
			continue;
		}
		if (r == 0)
			r = sd_bus_wait(m->client.bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	if (r < 0)
		client_fail(&m->client, NULL, r);
	return CTL_ERROR;
}

/** command_monitor() - carvectl monitor. */
int command_monitor(const struct ctl *ctl)
{
	struct monitor m = {};
	int exit_code = CTL_ERROR;

	if (client_open(&m.client, ctl) >= 0 && prepare(&m) >= 0)
		exit_code = listen(&m);
	client_close(&m.client);
	vec_each(s, &m.seen)
		free(s->handle);
	vec_clear(&m.seen);
	return exit_code;
}
