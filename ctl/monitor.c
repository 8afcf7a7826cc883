// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl monitor: what happens, line by line, until it is interrupted. A restart of carved is
 * part of what happens.
 */
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "history.h"
#include "output.h"
#include "when.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A device with records that were signalled and are not shown yet. */
struct news {
	char *handle;
	size_t n;
};

struct monitor {
	struct client client;
	VEC(struct news) news;
	bool all;	    /* all records are to be read, as carved has just come to the bus */
	sd_bus_slot *asked; /* texts of the records */
	int failed;
};

/* --- how it looks ------------------------------------------------------------ */

static void show_text(const struct event_answer *e, struct buf *out)
{
	_cleanup_free_ char *time = when_text(e->time);

	buf_add(out, "%s ", time);
	if (strcmp(e->event, "change") == 0) {
		_cleanup_free_ char *line = history_line(&e->record);

		buf_add(out, "%s\n", line);
		return;
	}
	if (*e->handle)
		buf_add(out, "%s: ", e->handle);
	buf_add(out, "%s%s%s\n", e->state, *e->text ? ": " : "", e->text);
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

static struct news *find_news(struct monitor *m, const char *handle)
{
	vec_each(n, &m->news)
		if (strcmp(n->handle, handle) == 0)
			return n;
	return NULL;
}

static void forget_news(struct monitor *m)
{
	vec_each(n, &m->news)
		free(n->handle);
	vec_clear(&m->news);
	m->all = false;
}

static void show_record(struct monitor *m, const struct record_answer *r)
{
	struct event_answer e = new_event("change");

	e.record = *r;
	e.handle = r->handle;
	e.state = r->result;
	e.text = r->detail;
	e.time = r->time;
	show(m, &e);
}

/* Times do not tell which are new: the clock may have been set since. */
static void show_news(struct monitor *m, const record_list *records)
{
	_cleanup_free_ bool *is_new = mem_alloc(records->n + 1);

	for (size_t i = records->n; i-- > 0;) {
		struct news *n = find_news(m, records->v[i].handle);

		is_new[i] = m->all || (n && n->n);
		if (n && n->n)
			n->n--;
	}
	for (size_t i = 0; i < records->n; i++)
		if (is_new[i])
			show_record(m, &records->v[i]);
}

/* What is in the answer was signalled before it came, and that was counted. */
static int on_records(sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	struct history_answer a = {};
	struct monitor *m = user;

	m->asked = sd_bus_slot_unref(m->asked);
	/* an error means that carved is gone, which another line says */
	if (!sd_bus_message_is_method_error(reply, NULL) &&
	    fetch_read_records(&m->client, reply, &a.arena, &a.records) == 0)
		show_news(m, &a.records);
	forget_news(m);
	answer_clear(&history_type, &a, &a.arena);
	return 0;
}

static int on_changed(sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	struct monitor *m = user;
	struct arena arena = {};
	const char *handle;
	struct news *n;

	if (message_read_line(message, &arena, &handle) < 0)
		return 0;
	n = find_news(m, handle);
	if (!n) {
		n = vec_add(&m->news);
		n->handle = mem_strdup(handle);
	}
	n->n++;
	arena_clear(&arena);
	return 0;
}

static int on_device(sd_bus_message *message, void *user, _unused_ sd_bus_error *error)
{
	_cleanup_free_ char *handle =
		message_handle(sd_bus_message_get_path(message), CLIENT_DEVICES);
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
	handle = message_handle(path, CLIENT_DEVICES);
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
	bool before, now;

	if (message_read_owners(message, &before, &now) < 0)
		return 0;
	e.state = now ? "started" : "ended";
	e.text = now ? "carved is there" : "carved is gone";
	show(m, &e);
	forget_news(m);
	m->all = now;
	return 0;
}

/* Does carved have its name on the bus? */
static int call_carved(struct monitor *m)
{
	struct history_answer a = {};
	int r = fetch_records(&m->client, "", 1, &a.arena, &a.records);

	answer_clear(&history_type, &a, &a.arena);
	return r;
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
	return r < 0 ? r : call_carved(m);
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
		if (r == 0 && (m->news.n || m->all) && !m->asked)
			r = fetch_ask_records(&m->client, on_records, m, &m->asked);
		if (r == 0)
			r = sd_bus_wait(m->client.bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	if (r < 0)
		client_fail(&m->client, NULL, r);
	return CTL_ERROR;
}

/**
 * command_monitor() - carvectl monitor.
 *
 * Return: the exit code.
 */
int command_monitor(const struct ctl *ctl)
{
	struct monitor m = {};
	int exit_code = CTL_ERROR;

	if (client_open(&m.client, ctl) >= 0 && prepare(&m) >= 0)
		exit_code = listen(&m);
	sd_bus_slot_unref(m.asked);
	client_close(&m.client);
	forget_news(&m);
	return exit_code;
}
