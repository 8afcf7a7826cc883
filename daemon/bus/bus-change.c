// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Apply and Retry. The answer waits for a first look at the devices, so
 * that it can say what stands in the way; it comes as soon as there is work to do, which is the
 * job's.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/manager.h"
#include "manager/runner.h"

#include <string.h>

#define ACTION_APPLY "org.carved1.apply"

/* Of Apply and Retry. */
struct arguments {
	const char *name;
	bool allow_reload;
};

/* A look that takes longer than this is waited for by the job. */
#define LOOK_USEC USEC_PER_SEC

/* What is known to be in the way beforehand. Return: 1 where it was told. */
static int find_hindrance(struct bus *b, const struct caller *c, sd_bus_message *m,
			  const char *name)
{
	const char *hindrance = manager_refuses_jobs(b->manager, !caller_is_master(c));
	bool found = !*name, off = false, known;
	const struct device *paused = bus_paused_device(b, name, &known);

	if (hindrance)
		return sd_bus_reply_method_errorf(m, BUS_ERROR("Busy"), "%s", hindrance);
	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct runner *runner = manager_at(b->manager, i);

		if (runner_gone(runner) || !device_matches_name(runner_device(runner), name))
			continue;
		found = true;
		off |= runner_device(runner)->env->off;
	}
	if (!found)
		return sd_bus_reply_method_errorf(m, BUS_ERROR("NoSuchDevice"), "no device %s",
						  name);
	if (paused)
		return sd_bus_reply_method_errorf(
			m, BUS_ERROR("Busy"), "%s: %s; to end it: carvectl resume %s",
			paused->handle, paused->status.reason, *name ? name : paused->handle);
	return off ? sd_bus_reply_method_errorf(
			     m, SD_BUS_ERROR_NOT_SUPPORTED,
			     "carved=off on the kernel command line: nothing is written")
		   : 0;
}

static bool is_working(const struct device *d)
{
	return d->run.activity == ACTIVITY_WRITING ||
	       (d->run.activity == ACTIVITY_READING && clock_now() >= d->run.since + LOOK_USEC);
}

static void answer(struct bus *b, size_t i, const char *error, const char *text)
{
	struct pending_reply c = b->pending_replies.v[i];

	vec_remove(&b->pending_replies, i);
	caller_give(c.caller, SHARE_JOBS);
	if (error)
		sd_bus_reply_method_errorf(c.call, error, "%s", text);
	else
		sd_bus_reply_method_return(c.call, "t", c.job);
	sd_bus_message_unref(c.call);
}

/** bus_replies_working() - there is work to do on @changed: who waits for it gets the job. */
void bus_replies_working(struct bus *b, const struct runner *changed)
{
	const struct device *d = runner_device(changed);

	for (size_t i = b->pending_replies.n; i-- > 0;)
		if (is_working(d) && device_matches_name(d, b->pending_replies.v[i].name))
			answer(b, i, NULL, NULL);
}

static void add_errors(const struct diag_list *diags, struct buf *out)
{
	vec_each(d, &diags->diags)
		if (d->severity == DIAG_ERROR)
			diag_render(d, out);
}

/* Why the devices that are meant are in @state. */
static char *explain(const struct bus *b, const char *name, enum device_state state)
{
	struct buf text = {};

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct device *d = runner_device(manager_at(b->manager, i));

		if (d->status.state != state || !device_matches_name(d, name))
			continue;
		if (state == STATE_REFUSED)
			add_errors(&d->assignment.diags, &text);
		else
			buf_add(&text, "%s%s: %s", text.n ? "; " : "", d->handle, d->status.reason);
	}
	return buf_take(&text);
}

/* The name of the error that a look at the devices has come to, or NULL. */
static const char *error_of(const struct pending_reply *c, const char *result,
			    enum device_state *ret_state)
{
	if (*c->name && strcmp(result, device_state_name(STATE_REFUSED)) == 0) {
		*ret_state = STATE_REFUSED;
		return BUS_ERROR("Refused");
	}
	if (*c->name && !c->allow_reload &&
	    strcmp(result, device_state_name(STATE_PENDING_RELOAD)) == 0) {
		*ret_state = STATE_PENDING_RELOAD;
		return BUS_ERROR("ReloadNotAllowed");
	}
	return NULL;
}

/** bus_replies_end() - the job came to rest before anybody was told of it. */
void bus_replies_end(struct bus *b, uint64_t job, const char *result)
{
	for (size_t i = b->pending_replies.n; i-- > 0;) {
		const struct pending_reply *c = &b->pending_replies.v[i];
		_cleanup_free_ char *text = NULL;
		enum device_state state;
		const char *error;

		if (c->job != job)
			continue;
		error = error_of(c, result, &state);
		if (error)
			text = explain(b, c->name, state);
		answer(b, i, error, text);
	}
}

/** bus_replies_drop() - @left is gone; NULL: all, the connection is. The jobs go on. */
void bus_replies_drop(struct bus *b, const struct caller *left)
{
	for (size_t i = b->pending_replies.n; i-- > 0;) {
		struct pending_reply c = b->pending_replies.v[i];

		if (left && c.caller != left)
			continue;
		vec_remove(&b->pending_replies, i);
		caller_give(c.caller, SHARE_JOBS);
		sd_bus_message_unref(c.call);
	}
	if (!left)
		vec_clear(&b->pending_replies);
}

static int begin(struct bus *b, struct caller *c, sd_bus_message *m, const struct arguments *a,
		 bool retry, sd_bus_error *error)
{
	_cleanup_free_ char *who = caller_text(c);
	uint64_t job;
	int r = find_hindrance(b, c, m, a->name);

	if (r == 0)
		r = caller_take(c, SHARE_JOBS, error);
	if (r != 0)
		return r;
	job = manager_apply(b->manager, a->name, who, a->allow_reload, retry);
	vec_push(&b->pending_replies,
		 ((struct pending_reply){c, sd_bus_message_ref(m), a->name, job, a->allow_reload}));
	return 1;
}

/* They belong to @m, from its beginning. */
static int read_apply(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	int r;

	*ret = (struct arguments){};
	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	return r < 0 ? r
		     : bus_read_options(
			       m, &(struct bus_option){"allow-reload", .ret = &ret->allow_reload},
			       1, error);
}

static int do_apply(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	int r = read_apply(m, &a, error);

	if (r < 0)
		return r;
	a.allow_reload &= c->granted.disrupts != DISRUPTS_NONE;
	return begin(b, c, m, &a, false, error);
}

static int authorize_apply(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	int r = read_apply(m, &a, error);

	return r < 0 ? r
		     : bus_authorize(b, c, m,
				     &(struct demand){.action = ACTION_APPLY,
						      .then = do_apply,
						      .device = a.name,
						      .allow_reload = a.allow_reload,
						      .mandate = a.allow_reload ? MANDATE_ANYTHING
										: MANDATE_LIVE},
				     error);
}

/** bus_apply() - the method; see sd_bus_message_handler_t(3). */
int bus_apply(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct arguments a;
	int r = read_apply(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, authorize_apply);
}

static int read_retry(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	int r;

	*ret = (struct arguments){};
	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	return r >= 0 && !*ret->name
		       ? sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "no name is given")
		       : r;
}

static int do_retry(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	int r = read_retry(m, &a, error);

	return r < 0 ? r : begin(b, c, m, &a, true, error);
}

static int authorize_retry(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	int r = read_retry(m, &a, error);

	return r < 0 ? r
		     : bus_authorize(b, c, m,
				     &(struct demand){.action = ACTION_APPLY,
						      .then = do_retry,
						      .device = a.name,
						      .mandate = MANDATE_RELOAD,
						      .retry = true},
				     error);
}

/** bus_retry() - the method; see sd_bus_message_handler_t(3). */
int bus_retry(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct arguments a;
	int r = read_retry(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, authorize_retry);
}
