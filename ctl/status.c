// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl status: all devices in a table, or all there is to know of some. Decides what is shown
 * and in which order; takes states and reasons as the daemon gives them.
 */
#include "status.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl.h"
#include "fetch.h"
#include "model/value.h"
#include "output.h"
#include "picture.h"
#include "progress.h"
#include "resources.h"
#include "remarks.h"
#include "table.h"
#include "when.h"

#include <inttypes.h>
#include <unistd.h>

#define LABEL_WIDTH 14 /* "  Last reload: " without the last space */

static bool is(const char *state, const char *name)
{
	return strcmp(state, name) == 0;
}

/* --- all devices ------------------------------------------------------------- */

static const struct table_column marked_columns[] = {
	{.title = "", .tight = true},
	{.title = "DEVICE", .fit = TABLE_WRAP, .min = 21, .squeeze = true},
	{.title = "ENTRY", .fit = TABLE_WRAP, .min = 8, .spare = 2, .squeeze = true},
	{.title = "DRIVER", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "STATE", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "FIRMWARE", .fit = TABLE_WRAP, .spare = 1, .squeeze = true},
	{.title = "RELOADS", .fit = TABLE_WRAP, .spare = 3, .tight = true},
	{.title = "DRIFT", .fit = TABLE_WRAP, .tight = true},
	{.title = "CHANGED", .fit = TABLE_WRAP, .spare = 4},
	{.title = "REASON", .fit = TABLE_CUT, .min = 40, .spare = 5, .below = true},
};

/* A terminal shows how long ago it was, all else the time. */
static char *format_change(const struct device_answer *d, const struct style *style, uint64_t now)
{
	if (!d->changed_at)
		return mem_strdup("");
	return style->marks ? when_ago(d->changed_at, now) : when_text(d->changed_at);
}

/* The state, how far a flash is, and whether it is torn down. */
static char *format_state(const struct device_answer *d)
{
	const struct progress_answer *p = &d->progress;
	const char *down = d->down_since ? ", DOWN" : "";

	if (!p->total)
		return mem_printf("%s%s", d->state, down);
	return mem_printf("%s %u%%%s", d->state,
			  (unsigned)((double)MIN(p->done, p->total) * 100 / (double)p->total),
			  down);
}

/* A pause that the state does not tell of. Return: NULL where there is none; to be freed. */
static char *format_pause(const struct device_answer *d)
{
	_cleanup_free_ char *until = NULL;

	if (!d->paused_until || is(d->state, "paused"))
		return NULL;
	until = d->paused_until == UINT64_MAX ? mem_strdup("carvectl resume")
					      : when_text(d->paused_until);
	return mem_printf("paused until %s", until);
}

static void add_device(struct table *t, const struct device_answer *d, const struct style *style,
		       uint64_t now)
{
	bool there = *d->handle;
	_cleanup_free_ char *reloads =
		mem_printf("%" PRIu64 "/%" PRIu64, d->reloads, d->foreign_reloads);
	_cleanup_free_ char *drift = mem_printf("%zu", d->drift.n), *state = format_state(d);
	_cleanup_free_ char *change = format_change(d, style, now), *pause = format_pause(d);
	enum colour colour = state_colour(d->state);

	if (style->marks)
		table_add(t, state_mark(d->state, style), colour);
	table_add(t, there ? d->handle : d->entry, COLOUR_NONE);
	table_add(t, there && !is(d->entry, d->handle) ? d->entry : "", COLOUR_NONE);
	table_add(t, d->driver, COLOUR_NONE);
	table_add(t, state, colour);
	table_add(t, d->firmware_running, COLOUR_NONE);
	table_add(t, there ? reloads : "", COLOUR_NONE);
	table_add(t, there ? drift : "", d->drift.n ? COLOUR_WAITING : COLOUR_NONE);
	table_add(t, change, COLOUR_NONE);
	/* the remarks below say why something is refused, and where */
	table_add(t, is(d->state, "refused") ? pause ?: "" : d->reason, COLOUR_NONE);
}

static void render_table(const struct status_answer *a, const struct style *style, uint64_t now,
			 struct buf *out)
{
	struct table t = {.columns = marked_columns, .n_columns = ARRAY_SIZE(marked_columns)};

	if (!style->marks) {
		t.columns++;
		t.n_columns--;
	}
	vec_each(d, &a->devices)
		add_device(&t, d, style, now);
	table_render(&t, style, out);
	table_clear(&t);
}

static void render_trial(uint64_t deadline, const struct style *style, uint64_t now,
			 struct buf *out)
{
	_cleanup_free_ char *until = when_text(deadline), *text = NULL;
	_cleanup_free_ char *left = when_left(deadline, now);

	text = mem_printf("The config is on trial until %s, for another %s; to keep it: carvectl "
			  "confirm",
			  until, left);
	wrap_render(text, 0, style, out);
}

static void render_summary(const struct status_answer *a, const struct style *style, uint64_t now,
			   struct buf *out)
{
	enum colour colour = state_colour(a->state);
	size_t managed = a->hidden, converged = a->hidden;

	vec_each(d, &a->devices) {
		managed += !is(d->state, "unmanaged");
		converged += is(d->state, "converged");
	}
	buf_add(out, "carved: %s%s%s", colour_begin(colour, style), a->state,
		colour_end(colour, style));
	if (managed)
		buf_add(out, ", %zu of %zu converged", converged, managed);
	buf_add(out, "\n");
	if (a->confirm_deadline)
		render_trial(a->confirm_deadline, style, now, out);
	if (a->out_of_sync && !remarks_refuse(&a->diagnostics))
		wrap_render("The files on disk differ from what is in force; to adopt "
			    "them: carvectl reload",
			    0, style, out);
}

/**
 * status_render() - append the table of all devices, the diagnostics and the manager's state.
 * @now: microseconds since 1970
 */
void status_render(const struct status_answer *a, const struct style *style, uint64_t now,
		   struct buf *out)
{
	if (a->devices.n)
		render_table(a, style, now, out);
	else
		buf_add(out, "There are no devices, and the configuration names none.\n");
	remarks_render(&a->diagnostics, style, out);
	buf_add(out, "\n");
	render_summary(a, style, now, out);
}

/* --- one device -------------------------------------------------------------- */

static void put_label(const char *label, const char *text, const struct style *style,
		      struct buf *out)
{
	if (!*text)
		return;
	buf_add(out, "%*s: ", LABEL_WIDTH, label);
	wrap_render(text, LABEL_WIDTH + 2, style, out);
}

static void put_state(const struct device_answer *d, const struct style *style, struct buf *out)
{
	enum colour colour = state_colour(d->state);

	_cleanup_free_ char *text = format_state(d);

	const char *what = progress_words(&d->progress, d->state);

	buf_add(out, "%*s: %s%s%s%s%s\n", LABEL_WIDTH, "State", colour_begin(colour, style), text,
		colour_end(colour, style), *what ? ", " : "", what);
}

static void put_reloads(const struct device_answer *d, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *counts = mem_printf("%" PRIu64 " by carved, %" PRIu64 " by others",
						 d->reloads, d->foreign_reloads);
	_cleanup_free_ char *outage =
		mem_printf("%" PRIu64 ".%03" PRIu64 " s outage", d->outage_usec / 1000000,
			   d->outage_usec / 1000 % 1000);

	put_label("Reloads", counts, style, out);
	/* of one that was over: the outage that goes on is shown as DOWN */
	put_label("Last reload", d->outage_usec && !d->down_since ? outage : "", style, out);
}

static void put_time(const char *label, uint64_t at, const char *more, const struct style *style,
		     uint64_t now, struct buf *out)
{
	_cleanup_free_ char *when = when_text(at), *ago = when_ago(at, now);
	_cleanup_free_ char *text =
		mem_printf("%s (%s)%s%s", when, ago, *more ? ", trigger " : "", more);

	put_label(label, at ? text : "", style, out);
}

static void put_down(const struct device_answer *d, const struct style *style, uint64_t now,
		     struct buf *out)
{
	_cleanup_free_ char *when = when_text(d->down_since), *ago = when_ago(d->down_since, now);
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	if (!d->down_since)
		return;
	buf_add(&b, "since %s (%s)", when, ago);
	if (d->next_attempt > now)
		buf_add(&b, ", next attempt in %" PRIu64 " s",
			(d->next_attempt - now + USEC_PER_SEC - 1) / USEC_PER_SEC);
	text = buf_take(&b);
	put_label("DOWN", text, style, out);
}

/* Of what failed, unless the line above says it. */
static void put_next_try(const struct device_answer *d, const struct style *style, uint64_t now,
			 struct buf *out)
{
	_cleanup_free_ char *text = NULL;

	if (d->down_since || d->next_attempt <= now)
		return;
	text = mem_printf("in %" PRIu64 " s",
			  (d->next_attempt - now + USEC_PER_SEC - 1) / USEC_PER_SEC);
	put_label("Next try", text, style, out);
}

static void put_times(const struct device_answer *d, const struct style *style, uint64_t now,
		      struct buf *out)
{
	bool converged = is(d->state, "converged");

	put_down(d, style, now, out);
	put_next_try(d, style, now, out);
	put_time("Since", d->state_since, "", style, now, out);
	put_time("Last change", d->changed_at, d->last_trigger, style, now, out);
	put_time("Last read", d->read_at, "", style, now, out);
	if (!converged)
		put_time("Was converged", d->converged_at, "", style, now, out);
}

static void put_firmware(const struct device_answer *d, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *text =
		mem_printf("%s running%s%s%s", *d->firmware_running ? d->firmware_running : "none",
			   *d->firmware_stored ? ", " : "", d->firmware_stored,
			   *d->firmware_stored ? " stored" : "");

	put_label("Firmware", *d->firmware_running || *d->firmware_stored ? text : "", style, out);
}

/* What the object of @drift is: of a bare name or number the kind of what is managed under it. */
static char *drift_kind(const struct device_answer *d, const struct drift_answer *drift)
{
	const char *kind = "";
	char *text;

	vec_each(o, &d->objects)
		if (is(o->object, drift->object) && (!*kind || strstr(o->wanted, drift->wanted)))
			kind = o->kind;
	text = mem_printf("%s%s", kind, *kind ? " " : "");
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = ' ';
	return text;
}

static void put_drift(const struct device_answer *d, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	vec_each(drift, &d->drift) {
		_cleanup_free_ char *kind = drift_kind(d, drift);

		buf_add(&b, "%s%s%s %s: wanted %s, is %s", b.n ? "; " : "", kind, drift->object,
			drift->attribute, drift->wanted, drift->actual);
	}
	text = buf_take(&b);
	put_label("Drift", text, style, out);
}

static bool is_managed(const struct device_answer *d, const char *path)
{
	vec_each(o, &d->objects)
		if (is(o->kind, "resource") && is(o->object, path))
			return true;
	return false;
}

/* Values that another program has staged, unless they are drift already. */
static void put_staged_sizes(const struct device_answer *d, const struct style *style,
			     struct buf *out)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	vec_each(r, &d->resources) {
		_cleanup_free_ char *from = size_text(r->size.n), *to = size_text(r->size_new.n);

		if (r->size_new.known && r->size_new.n != r->size.n && !is_managed(d, r->path))
			buf_add(&b, "%s%s %s -> %s", b.n ? "; " : "", r->path, from, to);
	}
	if (b.n)
		buf_add(&b, ", not managed, at the next reload");
	text = buf_take(&b);
	put_label("Staged", text, style, out);
}

/* As many of their names as a line has room for. */
static void put_netdevs(const struct device_answer *d, const struct style *style, struct buf *out)
{
	size_t room = style->width ? style->width - LABEL_WIDTH - 2 : SIZE_MAX, n = 0;
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	vec_each(name, &d->netdevs) {
		_cleanup_free_ char *more = mem_printf(" and %zu more", d->netdevs.n - n);

		if (n && b.n + strlen(*name) + 2 + strlen(more) > room) {
			buf_add(&b, "%s", more);
			break;
		}
		buf_add(&b, "%s%s", n++ ? ", " : "", *name);
	}
	text = buf_take(&b);
	put_label("Netdevs", text, style, out);
}

static void put_header(const struct device_answer *d, const struct style *style, uint64_t now,
		       struct buf *out)
{
	const char *name = *d->handle ? d->handle : d->entry;
	enum colour colour = state_colour(d->state);
	_cleanup_free_ char *pause = format_pause(d);

	if (style->marks)
		buf_add(out, "%s%s%s ", colour_begin(colour, style), state_mark(d->state, style),
			colour_end(colour, style));
	buf_add(out, "%s%s%s\n", colour_begin(COLOUR_STRONG, style), name,
		colour_end(COLOUR_STRONG, style));
	put_label("Entry", d->entry, style, out);
	put_label("Driver", d->driver, style, out);
	put_netdevs(d, style, out);
	put_firmware(d, style, out);
	put_state(d, style, out);
	/* the remarks below say why something is refused, and where */
	put_label("Reason", is(d->state, "refused") ? pause ?: "" : d->reason, style, out);
	put_label("Pending", d->pending_class, style, out);
	put_times(d, style, now, out);
	put_drift(d, style, out);
	put_staged_sizes(d, style, out);
	if (*d->handle)
		put_reloads(d, style, out);
}

static const struct table_column object_columns[] = {
	{.title = "KIND", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "OBJECT", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "WANTED", .fit = TABLE_WRAP, .min = 12},
	{.title = "ACTUAL", .fit = TABLE_WRAP, .min = 12},
	{.title = "WHY NOT", .fit = TABLE_WRAP, .min = 30, .spare = 1, .below = true},
	{.title = "FILE:LINE:COL", .fit = TABLE_WRAP, .spare = 2, .below = true},
};

static void add_object(struct table *t, const struct object_answer *o)
{
	bool there = strcmp(o->wanted, o->actual) == 0;

	table_add(t, o->kind, COLOUR_NONE);
	table_add(t, o->object, COLOUR_NONE);
	table_add(t, o->wanted, COLOUR_NONE);
	table_add(t, o->actual, there ? COLOUR_NONE : *o->reason ? COLOUR_BAD : COLOUR_WAITING);
	table_add(t, o->reason, COLOUR_NONE);
	table_add(t, o->origin, COLOUR_NONE);
}

static bool is_as_wanted(const struct object_answer *o)
{
	return !*o->reason && strcmp(o->wanted, o->actual) == 0;
}

/* Why there are no objects to show. */
static const char *no_objects(const struct device_answer *d)
{
	if (is(d->state, "refused"))
		return "No config that fits it was accepted: nothing is set.\n";
	return d->read_at || is(d->state, "unmanaged")
		       ? "Nothing is managed on it.\n"
		       : "It has not been read yet: what is managed on it is not known.\n";
}

/* @all: else those that are as wanted are only counted */
static void put_objects(const struct device_answer *d, bool all, const struct style *style,
			struct buf *out)
{
	struct table t = {.columns = object_columns, .n_columns = ARRAY_SIZE(object_columns)};
	size_t good = 0;

	if (!d->objects.n) {
		buf_add(out, "%s", no_objects(d));
		return;
	}
	vec_each(o, &d->objects) {
		good += is_as_wanted(o);
		if (all || !is_as_wanted(o))
			add_object(&t, o);
	}
	if (all || good < d->objects.n)
		table_render(&t, style, out);
	table_clear(&t);
	if (!all && good)
		buf_add(out, "%s%zu object%s as wanted (--all)\n", good < d->objects.n ? "\n" : "",
			good, good == 1 ? "" : "s");
}

/* What is said above is not said again, only when it was. */
static void put_error(const struct device_answer *d, const struct style *style, uint64_t now,
		      struct buf *out)
{
	bool told = strstr(d->reason, d->last_error);

	if (!*d->last_error && !*d->last_extack)
		return;
	buf_add(out, "\n");
	if (!told)
		put_label("Last error", d->last_error, style, out);
	if (!strstr(told ? d->reason : d->last_error, d->last_extack))
		put_label("Last extack", d->last_extack, style, out);
	put_time("Failed at", d->error_at, "", style, now, out);
}

/**
 * status_render_device() - append what there is to know of one device.
 * @all: also the objects that are as wanted
 */
void status_render_device(const struct device_answer *d, bool all, const struct style *style,
			  uint64_t now, struct buf *out)
{
	put_header(d, style, now, out);
	if (!*d->handle)
		return;
	buf_add(out, "\n");
	put_objects(d, all, style, out);
	put_error(d, style, now, out);
}

/* --- the command ------------------------------------------------------------- */

/**
 * status_exit_code() - with @all the manager's state counts, else that of the devices shown.
 *
 * Return: the exit code.
 */
int status_exit_code(const struct status_answer *a, bool all)
{
	if (all)
		return is(a->state, "converged") ? CTL_OK : CTL_NOT_THERE;
	vec_each(d, &a->devices)
		if (!is(d->state, "converged") && !is(d->state, "unmanaged"))
			return CTL_NOT_THERE;
	return CTL_OK;
}

/* Is the text about a device, and none of those that are shown? */
static bool is_of_another(const char *text, const struct status_answer *a)
{
	size_t n;
	const char *handle = remarks_handle(text, &n);

	vec_each(d, &a->devices)
		if (handle && strlen(d->handle) == n && memcmp(handle, d->handle, n) == 0)
			return false;
	return handle;
}

/**
 * status_render_devices() - append what there is to know of those of @a, and remarks on them.
 * @all: also the objects that are as wanted
 */
void status_render_devices(const struct status_answer *a, bool all, const struct style *style,
			   uint64_t now, struct buf *out)
{
	text_list remarks = {};

	vec_each(d, &a->devices) {
		if (d != a->devices.v)
			buf_add(out, "\n");
		status_render_device(d, all, style, now, out);
	}
	vec_each(text, &a->diagnostics)
		if (!is_of_another(*text, a))
			vec_push(&remarks, *text);
	remarks_render(&remarks, style, out);
	vec_clear(&remarks);
}

static void put_versions(const struct facts *f, const struct style *style, struct buf *out)
{
	static const char *const kinds[] = {[VERSION_FIXED] = " (fixed)",
					    [VERSION_RUNNING] = "",
					    [VERSION_STORED] = " (stored)"};
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	vec_each(v, &f->versions)
		buf_add(&b, "%s%s %s%s", b.n ? ", " : "", v->name, v->value, kinds[v->kind]);
	text = buf_take(&b);
	put_label("Versions", text, style, out);
}

/* What can be typed about a device that no entry matches. */
static void put_first_steps(const char *handle, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *text = mem_printf(
		"No entry matches it, so nothing of it is changed. Its present state as the "
		"beginning of a config: carvectl capture %s",
		handle);

	buf_add(out, "\n");
	wrap_render(text, 0, style, out);
}

/* Of a device that is not managed: what it is like. */
static void put_unmanaged(struct client *c, const struct device_answer *d,
			  const struct style *style, struct buf *out)
{
	struct world w = {};

	put_header(d, style, clock_wall(), out);
	if (resources_fetch(c, d->handle, &w) >= 0) {
		put_versions(&w.facts, style, out);
		buf_add(out, "\n");
		picture_render_sizes(&w, style, out);
	}
	world_clear(&w);
	put_first_steps(d->handle, style, out);
}

static void put_devices(struct client *c, const struct status_answer *a, const struct style *style,
			struct buf *out)
{
	const struct device_answer *d = a->devices.v;

	if (a->devices.n == 1 && is(d->state, "unmanaged"))
		put_unmanaged(c, d, style, out);
	else
		status_render_devices(a, c->ctl->all, style, clock_wall(), out);
}

/* Keep those that are not as wanted. */
static void keep_problems(struct status_answer *a)
{
	for (size_t i = a->devices.n; i-- > 0;) {
		struct device_answer *d = &a->devices.v[i];

		if (!is(d->state, "converged") && !is(d->state, "unmanaged"))
			continue;
		a->hidden += is(d->state, "converged");
		vec_clear(&d->netdevs);
		vec_clear(&d->drift);
		vec_clear(&d->resources);
		vec_clear(&d->objects);
		vec_remove(&a->devices, i);
	}
}

static void put_all(const struct status_answer *a, bool problems, const struct style *style,
		    struct buf *out)
{
	if (problems && !a->devices.n)
		buf_add(out, "All devices are as wanted.\n");
	else
		status_render(a, style, clock_wall(), out);
}

static int show(struct client *c, struct status_answer *a)
{
	const struct ctl *ctl = c->ctl;
	struct style style = style_of(STDOUT_FILENO);
	int exit_code = status_exit_code(a, !ctl->n_args);
	struct buf out = {};

	if (ctl->problems)
		keep_problems(a);
	if (ctl->json)
		return output_json(ctl->n_args ? &status_type : &overview_type, a, exit_code);
	if (ctl->n_args && a->devices.n)
		put_devices(c, a, &style, &out);
	else
		put_all(a, ctl->problems, &style, &out);
	return output_text(&out, exit_code);
}

/**
 * command_status() - carvectl status [DEVICE] [--all] [--problems].
 *
 * Return: the exit code.
 */
int command_status(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct status_answer a = {};
	int exit_code = CTL_ERROR;

	if (client_open(&c, ctl) >= 0 &&
	    fetch_status(&c, ctl->n_args ? ctl->args[0] : NULL, &a) >= 0)
		exit_code = show(&c, &a);
	answer_clear(&status_type, &a, &a.arena);
	return exit_code;
}
