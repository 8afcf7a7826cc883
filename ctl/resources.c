// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl resources: asks for what devices are like now, and draws it, once or again and again. */
#include "resources.h"
#include "ctl.h"
#include "fetch.h"
#include "model/json.h"
#include "output.h"
#include "picture.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define EVERY_SECONDS 2

/* Those of the device and of its ports, or null. */
static json_t *resources_of(const json_t *facts)
{
	json_t *all = json_deep_copy(json_object_get(facts, "resources"));
	json_t *of_ports = json_object_get(facts, "port_resources");

	if (of_ports && !all)
		all = json_object();
	if (of_ports)
		json_object_update(all, of_ports);
	return all ? all : json_null();
}

/* @json: gets the resources as they came; or NULL */
static int fetch_facts(struct client *c, const char *device, struct world *ret, char **ret_handle,
		       json_t *json)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *why = NULL;
	struct arena arena = {};
	const char *text = "";
	json_t *j;
	int r = client_new_call(c, "Capture", &call);

	if (r >= 0)
		r = client_append(call, device, "facts");
	if (r >= 0)
		r = client_send_patiently(c, call, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return fetch_no_such_device(c, device);
	if (r < 0)
		return sd_bus_error_is_set(&error) ? client_fail(c, &error, r) : r;
	message_read_text(reply, &arena, &text);
	j = json_loads(text, 0, NULL);
	arena_clear(&arena);
	r = j ? facts_from_json(j, ret, ret_handle, &why) : -1;
	if (r >= 0 && json)
		json_object_set_new(json, device, resources_of(j));
	json_decref(j);
	if (r < 0)
		client_say("%s: its answer is not understood", device);
	else
		state_sort(&ret->have);
	return r;
}

/**
 * resources_fetch() - what @device is like now.
 * @ret: is to be cleared in any case
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int resources_fetch(struct client *c, const char *device, struct world *ret)
{
	_cleanup_free_ char *handle = NULL;

	return fetch_facts(c, device, ret, &handle, NULL);
}

/* What there is to be shown, of all devices or one. */
static int add_all(struct client *c, const struct style *style, json_t *json, struct buf *out)
{
	const struct ctl *ctl = c->ctl;
	struct status_answer a = {};
	int r = fetch_status(c, ctl->n_args ? ctl->args[0] : NULL, &a);
	bool found = !ctl->n_args;

	vec_each(d, &a.devices) {
		_cleanup_free_ char *handle = NULL;
		struct world w = {};

		if (r >= 0 && *d->handle)
			r = fetch_facts(c, d->handle, &w, &handle, json);
		if (r >= 0 && *d->handle) {
			buf_add(out, "%s", out->n ? "\n" : "");
			picture_render(handle, &w, style, out);
		}
		found |= *d->handle;
		world_clear(&w);
	}
	if (r >= 0 && !found)
		r = fetch_no_such_device(c, ctl->args[0]);
	answer_clear(&status_type, &a, &a.arena);
	return r;
}

/* Instead of what is in @out. */
static void write_json(const json_t *json, struct buf *out)
{
	char *text = json_dumps(json, JSON_INDENT(2));

	buf_clear(out);
	buf_add(out, "%s\n", text);
	free(text);
}

static int show_once(struct client *c)
{
	struct style style = style_of(STDOUT_FILENO);
	json_t *json = c->ctl->json ? json_object() : NULL;
	struct buf out = {};
	int r = add_all(c, &style, json, &out);

	if (r >= 0 && json)
		write_json(json, &out);
	json_decref(json);
	if (r >= 0)
		return output_text(&out, CTL_OK);
	buf_clear(&out);
	return CTL_ERROR;
}

/* --- again and again -------------------------------------------------------------------------- */

/* What is on the terminal now. */
struct screen {
	unsigned width, lines;
};

/* A line over which the next frame is drawn, up to what the terminal has room for. */
static void add_frame(const struct buf *text, unsigned rows, struct screen *s, struct buf *out)
{
	_cleanup_free_ char *now = clock_text(clock_wall());
	const char *p = text->s;
	unsigned n = 0;

	for (const char *q = p; (q = strchr(q, '\n')); q++)
		n++;
	s->lines = rows > 3 && n > rows - 2 ? rows - 2 : n;
	for (unsigned i = 0; i < s->lines; i++) {
		const char *end = strchr(p, '\n');

		buf_add(out, "%.*s\033[K\n", (int)(end - p), p);
		p = end + 1;
	}
	n -= s->lines;
	buf_add(out, "%s, again every %d s; Ctrl-C ends it", now, EVERY_SECONDS);
	if (n)
		buf_add(out, "; %u more lines do not fit", n);
	buf_add(out, "\033[K\n\033[J");
	s->lines++;
}

/* Over what is shown; a terminal of another width has moved that. */
static int draw_again(struct client *c, struct screen *s)
{
	struct style style = style_of(STDOUT_FILENO);
	struct buf text = {}, out = {};
	int r = add_all(c, &style, NULL, &text);

	if (r >= 0) {
		if (s->lines && s->width == style.width)
			buf_add(&out, "\033[%uA\r", s->lines);
		else if (s->lines)
			buf_add(&out, "\033[H\033[2J");
		s->width = style.width;
		add_frame(&text, style_rows(STDOUT_FILENO), s, &out);
		r = output_text(&out, CTL_OK) == CTL_OK ? 0 : -EIO;
	}
	buf_clear(&text);
	return r;
}

static int pause_between(struct client *c)
{
	uint64_t end = clock_now() + EVERY_SECONDS * USEC_PER_SEC, now;
	int r = 0;

	while (r >= 0 && (now = clock_now()) < end) {
		r = sd_bus_process(c->bus, NULL);
		if (r == 0)
			r = client_wait(c, end - now);
		if (r == -EINTR)
			r = 0;
	}
	return r;
}

/* What is drawn stays. */
static void interrupted(_unused_ int number)
{
	_exit(write(STDOUT_FILENO, "\n", 1) == 1 ? CTL_OK : CTL_ERROR);
}

static int watch(struct client *c)
{
	struct screen s = {};
	int r = 0;

	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	while (r >= 0) {
		r = draw_again(c, &s);
		if (r >= 0)
			r = pause_between(c);
	}
	return CTL_ERROR;
}

/* --- the command ------------------------------------------------------------------------------ */

/* Is there a terminal on which lines can be drawn over? */
static bool can_watch(const struct ctl *ctl)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !ctl->json && term && strcmp(term, "dumb") != 0;
}

/**
 * command_resources() - carvectl resources [DEVICE] [--watch].
 *
 * Return: the exit code.
 */
int command_resources(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};

	if (ctl->watch && !can_watch(ctl)) {
		client_say("--watch needs a terminal, and has no JSON");
		return CTL_ERROR;
	}
	if (client_open(&c, ctl) < 0)
		return CTL_ERROR;
	return ctl->watch ? watch(&c) : show_once(&c);
}
