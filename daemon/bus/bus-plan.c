// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plan(): what would be done now, or what the files on disk (option `candidate`) or a config that
 * is kept (option `config`) would do; then the firmware that it would flash is looked at, too. The
 * devices are read first, as far as that is possible at once. Option `permitted`: only what need
 * not wait for a reload.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/loading.h"
#include "manager/look.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/ledger.h"
#include "plan/match.h"
#include "yaml/overlay.h"

#include <errno.h>
#include <string.h>

static int append_step(sd_bus_message *reply, const char *handle, const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s), *origin = step_origin(s);

	if (!step_traits(s)->request)
		return 0;
	return sd_bus_message_append(reply, "(sssssss)", handle, step_kind_name(s), object, s->from,
				     s->to, disruption_name(s->disruption), origin);
}

static int append_steps(sd_bus_message *reply, const struct device *d, struct plan *plan)
{
	int r = 0;

	vec_each(s, &plan->steps)
		if (r >= 0)
			r = append_step(reply, d->handle, s);
	plan_clear(plan);
	return r;
}

static int new_reply(sd_bus_message *m, sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_return(m, ret);

	return r < 0 ? r : sd_bus_message_open_container(*ret, 'a', "(sssssss)");
}

static int finish_reply(sd_bus_message *reply)
{
	int r = sd_bus_message_close_container(reply);

	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* --- what is asked for -------------------------------------------------------- */

/* The name may be that of an entry which is only in the candidate. */
static bool is_meant(const struct bus_candidate *c, const struct device *d)
{
	if (device_matches_name(d, c->name))
		return true;
	vec_each(e, &c->config->entries)
		if (strcmp(e->name, c->name) == 0 && match_entry(e, d->handle, &d->world.facts))
			return true;
	return false;
}

/* Would or does an entry match it? */
static bool is_concerned(const struct bus_candidate *c, const struct device *d)
{
	return c->in_force ? d->assignment.used.entry != NULL : bus_is_concerned(d, c->config);
}

static void candidate_clear(struct bus_candidate *c)
{
	if (!c->check)
		caller_give(c->caller, SHARE_PLANS);
	loading_free(c->loading);
	sd_bus_message_unref(c->call);
	config_unref(c->config);
	vec_clear(&c->reads);
	vec_each(l, &c->looks)
		look_free(*l);
	vec_clear(&c->looks);
}

static int reply_error(sd_bus_message *call, const char *error, const struct diag_list *diags)
{
	_cleanup_free_ char *text = diag_render_all(diags);

	return sd_bus_reply_method_errorf(call, error, "%s", text);
}

static void on_looked(void *user);

struct asked {
	struct bus *bus;
	struct bus_candidate *candidate;
};

/* Devices with the same firmware share one look at its file. */
static const struct image_verdict *look_at(void *user, const struct firmware *f)
{
	struct asked *a = user;

	vec_each(l, &a->candidate->looks) {
		const struct image_verdict *image = look_verdict(*l);

		if (image_verdict_covers(image, f))
			return image->error == -EINPROGRESS ? NULL : image;
	}
	vec_push(&a->candidate->looks, manager_look(a->bus->manager, f, on_looked, a->bus));
	return NULL;
}

/* What the devices are found to be like. */
struct survey {
	bool found;		     /* a device that is meant */
	bool again;		     /* a file has to be looked at first */
	const struct device *unread; /* it is concerned, and too little is known of it */
	struct diag_list diags;
};

static void plan_device(struct bus *b, struct bus_candidate *c, const struct device *d,
			struct plan *plan, struct survey *s)
{
	struct asked asked = {b, c};

	if (c->in_force)
		device_preview(d, c->permitted, plan);
	else if (!d->world.has_catalogue)
		s->unread = d;
	else
		s->again |= device_candidate(d, c->config, c->permitted, look_at, &asked, plan,
					     &s->diags) == -EAGAIN;
}

static int append_devices(struct bus *b, struct bus_candidate *c, sd_bus_message *reply,
			  struct survey *s)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < manager_count(b->manager); i++) {
		const struct device *d = runner_device(manager_at(b->manager, i));
		struct plan plan = {};

		if (!is_meant(c, d))
			continue;
		s->found = true;
		if (is_concerned(c, d))
			plan_device(b, c, d, &plan, s);
		else if (!c->in_force && bus_is_open(d, c->config))
			s->unread = d;
		r = append_steps(reply, d, &plan);
	}
	return r;
}

static int reply_plan(const struct bus_candidate *c, sd_bus_message *reply, const struct survey *s)
{
	if (!s->found && bus_is_entry(c->config, c->name))
		return sd_bus_reply_method_errorf(c->call, BUS_ERROR("NoSuchDevice"),
						  "no device matches the entry %s", c->name);
	if (!s->found && *c->name)
		return sd_bus_reply_method_errorf(c->call, BUS_ERROR("NoSuchDevice"),
						  "no device or entry %s", c->name);
	if (s->diags.n_errors)
		return reply_error(c->call, BUS_ERROR("Refused"), &s->diags);
	if (s->unread)
		return bus_reply_unread(c->call, s->unread);
	return finish_reply(reply);
}

/* Return: false where a file has to be looked at first. */
static bool answer(struct bus *b, struct bus_candidate *c)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct survey s = {};
	int r = new_reply(c->call, &reply);

	if (r >= 0)
		r = append_devices(b, c, reply, &s);
	if (r >= 0 && !s.again)
		r = reply_plan(c, reply, &s);
	if (r < 0)
		sd_bus_reply_method_errno(c->call, r, NULL);
	diag_clear(&s.diags);
	return r < 0 || !s.again;
}

static void end(struct bus *b, size_t i)
{
	struct bus_candidate c = b->candidates.v[i];

	vec_remove(&b->candidates, i);
	if (c.check)
		c.ready(c.check, c.config);
	candidate_clear(&c);
}

static void answer_if_done(struct bus *b, size_t i)
{
	struct bus_candidate *c = &b->candidates.v[i];

	if (!c->config || c->reads.n || (!c->check && !answer(b, c)))
		return;
	end(b, i);
}

static void on_looked(void *user)
{
	struct bus *b = user;

	for (size_t i = b->candidates.n; i-- > 0;)
		answer_if_done(b, i);
	bus_flush_later(b);
}

/**
 * bus_candidates_expire() - what could not be read by now is judged by what is known of it.
 *
 * Return: when to look again.
 */
uint64_t bus_candidates_expire(struct bus *b, uint64_t now)
{
	uint64_t next = USEC_NEVER;

	for (size_t i = b->candidates.n; i-- > 0;) {
		struct bus_candidate *c = &b->candidates.v[i];
		size_t before = c->reads.n;

		for (size_t k = c->reads.n; k-- > 0;) {
			if (c->reads.v[k].until <= now)
				vec_remove(&c->reads, k);
			else
				next = MIN(next, c->reads.v[k].until);
		}
		if (c->reads.n < before)
			answer_if_done(b, i);
	}
	return next;
}

/** bus_candidates_answer() - answer those who waited for @changed; @gone: it is to be forgotten. */
void bus_candidates_answer(struct bus *b, const struct runner *changed, bool gone)
{
	const struct device *d = runner_device(changed);

	for (size_t i = b->candidates.n; i-- > 0;) {
		struct bus_candidate *c = &b->candidates.v[i];
		size_t before = c->reads.n;

		for (size_t k = c->reads.n; k-- > 0;)
			if (c->reads.v[k].runner == changed &&
			    (gone || d->view.read.error ||
			     c->reads.v[k].catalogues != d->view.catalogues))
				vec_remove(&c->reads, k);
		if (c->reads.n < before)
			answer_if_done(b, i);
	}
}

/** bus_candidates_drop() - @left is gone; NULL: all, the connection is. */
void bus_candidates_drop(struct bus *b, const struct caller *left)
{
	for (size_t i = b->candidates.n; i-- > 0;) {
		if (left && b->candidates.v[i].caller != left)
			continue;
		candidate_clear(&b->candidates.v[i]);
		vec_remove(&b->candidates, i);
	}
	if (!left)
		vec_clear(&b->candidates);
}

/* Where somebody is at work for long, devices are judged by what is known of them. */
static bool needs_read(const struct bus *b, const struct device *d)
{
	return view_is_identified(&d->view) &&
	       !(d->run.activity == ACTIVITY_WRITING && d->world.has_catalogue) &&
	       !bus_capture_obstacle(b, d);
}

static void read_devices(struct bus *b, struct bus_candidate *c)
{
	for (size_t i = 0; i < manager_count(b->manager); i++) {
		struct runner *runner = manager_at(b->manager, i);
		const struct device *d = runner_device(runner);

		if (runner_gone(runner) || !is_meant(c, d) || !bus_is_concerned(d, c->config) ||
		    !needs_read(b, d))
			continue;
		vec_push(&c->reads, ((struct bus_capture){.runner = runner,
							  .catalogues = d->view.catalogues,
							  .until = bus_capture_until(b, d)}));
		bus_read_soon(b, runner);
	}
}

/* Return: have the files given a config? Else the call is answered, but of a check. */
static bool take_config(struct bus_candidate *c)
{
	struct config *config;
	const char *problem;
	int r = loading_result(c->loading, &config, &problem);

	if (r == 0)
		c->config = config_ref(config);
	else if (c->check)
		return false;
	else if (r == -ENODATA)
		sd_bus_reply_method_errorf(c->call, SD_BUS_ERROR_NOT_SUPPORTED,
					   "the config is not read from a file");
	else if (r == -ENOENT)
		sd_bus_reply_method_errorf(c->call, BUS_ERROR("NoSuchConfig"),
					   "no such config is kept");
	else
		sd_bus_reply_method_errorf(c->call, BUS_ERROR("InvalidConfig"), "%s",
					   problem ? problem : "it cannot be read again");
	return r == 0;
}

static bool is_loaded(const struct bus_candidate *c)
{
	struct config *config;
	const char *problem;

	return !c->config && loading_result(c->loading, &config, &problem) != -EINPROGRESS;
}

static void on_loaded(void *user)
{
	struct bus *b = user;

	for (size_t i = b->candidates.n; i-- > 0;) {
		struct bus_candidate *c = &b->candidates.v[i];

		if (!is_loaded(c))
			continue;
		if (take_config(c)) {
			read_devices(b, c);
			answer_if_done(b, i);
		} else {
			end(b, i);
		}
	}
	bus_flush_later(b);
}

struct arguments {
	const char *name, *config; /* belong to the message */
	bool candidate, permitted;
	struct overlay overlay;
};

static void arguments_clear(struct arguments *a)
{
	overlay_clear(&a->overlay);
}

#define _cleanup_arguments_ _cleanup_(arguments_clear)

/* Read from the beginning of @m. @ret: is to be cleared in any case */
static int read_arguments(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	const struct bus_option options[] = {{"candidate", .ret = &ret->candidate},
					     {"permitted", .ret = &ret->permitted},
					     {"config", .text = &ret->config},
					     {"files", .overlay = &ret->overlay},
					     {"without", .without = &ret->overlay}};
	int r;

	*ret = (struct arguments){};
	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	return r < 0 ? r : bus_read_options(m, options, ARRAY_SIZE(options), error);
}

/* The texts are kept as long as carved runs, as the places in them are: not of everybody. */
static int check_files(const struct caller *c, const struct arguments *a, sd_bus_error *error)
{
	if (!a->overlay.files.n || caller_is_master(c))
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
				 "only root, and who runs carved, may give files of his own");
}

static bool is_candidate(const struct arguments *a)
{
	return a->candidate || a->overlay.files.n;
}

/* Of the config that is kept, by its name; else of the one in force. */
static int find_hash(const struct bus *b, const struct arguments *a, uint64_t *ret,
		     sd_bus_error *error)
{
	*ret = manager_config(b->manager)->hash;
	if (!a->config || !*a->config)
		return 0;
	if (strcmp(a->config, "before") == 0)
		*ret = ledger_previous(manager_ledger(b->manager));
	else if (bus_parse_hash(a->config, ret) < 0)
		return bus_no_such_config(error, a->config);
	return 0;
}

static int begin(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	_cleanup_arguments_ struct arguments a;
	int r = read_arguments(m, &a, error);
	struct bus_candidate *new;
	uint64_t hash;

	if (r >= 0)
		r = find_hash(b, &a, &hash, error);
	if (r >= 0)
		r = check_files(c, &a, error);
	if (r >= 0)
		r = caller_take(c, SHARE_PLANS, error);
	if (r < 0)
		return r;
	new = vec_add(&b->candidates);
	*new = (struct bus_candidate){.caller = c,
				      .call = sd_bus_message_ref(m),
				      .name = a.name,
				      .in_force = !is_candidate(&a) && !a.config,
				      .permitted = a.permitted};
	if (is_candidate(&a)) {
		new->loading = manager_load_candidate(b->manager, &a.overlay, on_loaded, b);
	} else if (manager_known_config(b->manager, hash)) {
		new->config = config_ref((struct config *)manager_known_config(b->manager, hash));
		read_devices(b, new);
		answer_if_done(b, b->candidates.n - 1);
	} else {
		new->loading = manager_load_kept(b->manager, hash, on_loaded, b);
	}
	return 1;
}

/**
 * bus_assess() - read what says what a config would do, for @check, whose place is all that it
 * takes.
 * @config: NULL: that of the files
 * @ready: is called at once or later, unless @c leaves
 */
void bus_assess(struct caller *c, sd_bus_message *call, struct config *config,
		struct auth_check *check, check_ready ready)
{
	struct bus *b = c->bus;

	vec_push(&b->candidates,
		 ((struct bus_candidate){.caller = c,
					 .call = sd_bus_message_ref(call),
					 .check = check,
					 .ready = ready,
					 .config = config ? config_ref(config) : NULL,
					 .name = ""}));
	if (config) {
		read_devices(b, &b->candidates.v[b->candidates.n - 1]);
		answer_if_done(b, b->candidates.n - 1);
	} else {
		b->candidates.v[b->candidates.n - 1].loading =
			manager_load_candidate(b->manager, NULL, on_loaded, b);
	}
}

/** bus_plan() - the method; see sd_bus_message_handler_t(3). */
int bus_plan(sd_bus_message *m, void *user, sd_bus_error *error)
{
	_cleanup_arguments_ struct arguments a;
	int r = read_arguments(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, begin);
}
