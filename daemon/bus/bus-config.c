// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which config is in force: Reload, Confirm, Rollback, and what was accepted before. Decides how
 * configs are named on the bus; which of them comes into force is the manager's.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/loading.h"
#include "manager/manager.h"
#include "model/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ACTION_RELOAD "org.carved1.reload"

/* A trial without an end in sight is none. */
#define CONFIRM_MAX_USEC (366 * 24 * USEC_PER_HOUR)

/* --- another one ---------------------------------------------------------------------- */

static int read_confirm(sd_bus_message *m, uint64_t *ret, sd_bus_error *error)
{
	int r;

	*ret = 0;
	r = bus_read_options(m, &(struct bus_option){"confirm", .number = ret}, 1, error);

	if (r >= 0 && *ret > CONFIRM_MAX_USEC)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "a trial cannot take more than a year");
	return r;
}

/* They belong to @m, from its beginning. */
static int read_reload(sd_bus_message *m, uint64_t *ret_confirm, sd_bus_error *error)
{
	sd_bus_message_rewind(m, true);
	return read_confirm(m, ret_confirm, error);
}

/* Return: 0, or -errno where @error says what stands in the way. */
static int check_place(struct bus *b, const struct caller *c, uint64_t confirm, sd_bus_error *error)
{
	const char *why = manager_jobs_full(b->manager, !caller_is_master(c))
				  ? "too many jobs wait already"
				  : manager_refuses_config(b->manager, confirm);

	return why ? sd_bus_error_setf(error, BUS_ERROR("Busy"), "%s", why) : 0;
}

static int invalid_config(struct bus *b, sd_bus_error *error)
{
	_cleanup_free_ char *text = diag_render_all(manager_diagnostics(b->manager));

	return sd_bus_error_setf(error, BUS_ERROR("InvalidConfig"), "%s", text);
}

static int do_reload(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	_cleanup_free_ char *who = caller_text(c);
	uint64_t job, confirm;
	int r = read_reload(m, &confirm, error);

	if (r >= 0)
		r = check_place(b, c, confirm, error);
	if (r < 0)
		return r;
	r = manager_reload(b->manager, who, confirm, c->granted.hash, &job);
	if (r == -ESTALE)
		return sd_bus_error_setf(error, BUS_ERROR("Busy"),
					 "the files have changed since it was asked for");
	return r < 0 ? invalid_config(b, error) : sd_bus_reply_method_return(m, "t", job);
}

static int authorize_reload(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	return bus_authorize(b, c, m,
			     &(struct demand){.action = ACTION_RELOAD,
					      .then = do_reload,
					      .device = "",
					      .files = true,
					      .mandate = MANDATE_RELOAD},
			     error);
}

/** bus_reload() - the method; see sd_bus_message_handler_t(3). */
int bus_reload(sd_bus_message *m, void *user, sd_bus_error *error)
{
	uint64_t confirm;
	int r = read_reload(m, &confirm, error);

	return r < 0 ? r : caller_identify(user, m, authorize_reload);
}

static int do_confirm(struct bus *b, _unused_ struct caller *c, sd_bus_message *m,
		      sd_bus_error *error)
{
	int r = manager_confirm(b->manager);

	if (r == -ENOENT)
		return sd_bus_error_setf(error, BUS_ERROR("NoTrial"), "no config is on trial");
	if (r < 0)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_FAILED,
			"it is confirmed, but that cannot be saved: after a restart of carved it "
			"would be on trial again (%s); this is tried again every minute, and by "
			"another carvectl confirm",
			strerror(-r));
	return sd_bus_reply_method_return(m, NULL);
}

static int authorize_confirm(struct bus *b, struct caller *c, sd_bus_message *m,
			     sd_bus_error *error)
{
	return bus_authorize(
		b, c, m,
		&(struct demand){
			.action = ACTION_RELOAD, .then = do_confirm, .device = "", .idle = true},
		error);
}

/** bus_confirm() - the method; see sd_bus_message_handler_t(3). */
int bus_confirm(sd_bus_message *m, void *user, sd_bus_error *error)
{
	int r = bus_read_options(m, NULL, 0, error);

	return r < 0 ? r : caller_identify(user, m, authorize_confirm);
}

/* --- a kept one is read by the thread for that ----------------------------------------- */

static void lookup_clear(struct bus_lookup *l)
{
	caller_give(l->caller, SHARE_PLANS);
	loading_free(l->loading);
	sd_bus_message_unref(l->call);
}

/** bus_lookups_drop() - @left is gone; NULL: all, the connection is. */
void bus_lookups_drop(struct bus *b, const struct caller *left)
{
	for (size_t i = b->lookups.n; i-- > 0;) {
		if (left && b->lookups.v[i].caller != left)
			continue;
		lookup_clear(&b->lookups.v[i]);
		vec_remove(&b->lookups, i);
	}
	if (!left)
		vec_clear(&b->lookups);
}

static int cannot_read(int r, const char *name, sd_bus_error *error)
{
	return r == -ENOENT
		       ? bus_no_such_config(error, name)
		       : sd_bus_error_setf(error, BUS_ERROR("InvalidConfig"),
					   "the config cannot be read again: %s", strerror(-r));
}

/* The config is among those in memory, or cannot be read. */
static void go_on(struct bus *b, struct bus_lookup *l)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct config *config;
	const char *problem;
	int r = loading_result(l->loading, &config, &problem);

	if (r == 0)
		r = l->then(b, l->caller, l->call, &error);
	else
		r = cannot_read(r, l->name, &error);
	if (r < 0)
		sd_bus_reply_method_errno(l->call, r, &error);
	lookup_clear(l);
}

static void on_found(void *user)
{
	struct bus *b = user;

	for (size_t i = b->lookups.n; i-- > 0;) {
		struct bus_lookup l = b->lookups.v[i];
		struct config *config;
		const char *problem;

		if (loading_result(l.loading, &config, &problem) == -EINPROGRESS)
			continue;
		vec_remove(&b->lookups, i);
		go_on(b, &l);
	}
	bus_flush_later(b);
}

/* @then, once the config @hash is in memory. Return: as a method's handler. */
static int with_config(struct bus *b, struct caller *c, sd_bus_message *m, uint64_t hash,
		       const char *name, caller_handler then, sd_bus_error *error)
{
	int r;

	if (manager_known_config(b->manager, hash))
		return then(b, c, m, error);
	r = caller_take(c, SHARE_PLANS, error);
	if (r < 0)
		return r;
	vec_push(&b->lookups,
		 ((struct bus_lookup){.caller = c,
				      .call = sd_bus_message_ref(m),
				      .loading = manager_load_kept(b->manager, hash, on_found, b),
				      .name = name,
				      .then = then}));
	return 1;
}

/* --- an older one ------------------------------------------------------------------------ */

struct arguments {
	uint64_t hash, confirm;
	const char *name;
};

/* They belong to @m, from its beginning. */
static int read_rollback(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	int r;

	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	if (r >= 0 && bus_parse_hash(ret->name, &ret->hash) < 0)
		return bus_no_such_config(error, ret->name);
	return r < 0 ? r : read_confirm(m, &ret->confirm, error);
}

static int do_rollback(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	_cleanup_free_ char *who = caller_text(c);
	struct arguments a;
	uint64_t job;
	int r = read_rollback(m, &a, error);

	if (r < 0)
		return r;
	if (!a.hash)
		a.hash = c->granted.hash;
	r = manager_roll_back(b->manager, a.hash, who, a.confirm, &job);
	if (r == -EBUSY)
		return check_place(b, c, a.confirm, error);
	return r < 0 ? cannot_read(r, a.name, error) : sd_bus_reply_method_return(m, "t", job);
}

/* The config is in memory, if there is one. */
static int authorize_rollback(struct bus *b, struct caller *c, sd_bus_message *m,
			      sd_bus_error *error)
{
	struct arguments a;
	int r = read_rollback(m, &a, error);

	if (r < 0)
		return r;
	a.hash = manager_rollback_target(b->manager, a.hash);
	return bus_authorize(b, c, m,
			     &(struct demand){.action = ACTION_RELOAD,
					      .then = do_rollback,
					      .device = "",
					      .hash = a.hash,
					      .idle = !a.hash,
					      .mandate = MANDATE_RELOAD},
			     error);
}

static int find_rollback(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	uint64_t hash;
	int r = read_rollback(m, &a, error);

	if (r < 0)
		return r;
	hash = manager_rollback_target(b->manager, a.hash);
	return hash ? with_config(b, c, m, hash, a.name, authorize_rollback, error)
		    : authorize_rollback(b, c, m, error);
}

/** bus_rollback() - the method; see sd_bus_message_handler_t(3). */
int bus_rollback(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct arguments a;
	int r = read_rollback(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, find_rollback);
}

/* --- what there is ---------------------------------------------------------------------- */

/** bus_get_confirm_deadline() - the property; see sd_bus_property_get_t(3). */
int bus_get_confirm_deadline(_unused_ sd_bus *bus, _unused_ const char *path,
			     _unused_ const char *interface, _unused_ const char *property,
			     sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	struct bus *b = user;
	const struct ledger *l = manager_ledger(b->manager);
	uint64_t at = ledger_has_trial(l) ? bus_realtime(b, l->trial.deadline) : 0;

	return sd_bus_message_append(reply, "t", at);
}

/** bus_list_configs() - the method; see sd_bus_message_handler_t(3). */
int bus_list_configs(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(m, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(stss)");
	vec_each(a, &manager_ledger(b->manager)->accepted) {
		_cleanup_free_ char *hash = mem_printf("%016" PRIx64, a->hash);

		if (r >= 0)
			r = sd_bus_message_append(reply, "(stss)", hash, a->at, a->who,
						  fate_name(a->fate));
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* The one that ReadConfig names, from the beginning of @m. Return: 0 or -errno with @error. */
static int read_hash(const struct bus *b, sd_bus_message *m, const char **ret_name, uint64_t *ret,
		     sd_bus_error *error)
{
	int r;

	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, ret_name, error);
	if (r >= 0 && bus_parse_hash(*ret_name, ret) < 0)
		return bus_no_such_config(error, *ret_name);
	if (r >= 0 && !*ret)
		*ret = manager_config(b->manager)->hash;
	return r;
}

static int reply_files(struct bus *b, _unused_ struct caller *c, sd_bus_message *m,
		       sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const struct config *config;
	const char *name;
	uint64_t hash;
	int r = read_hash(b, m, &name, &hash, error);

	if (r < 0)
		return r;
	config = manager_known_config(b->manager, hash);
	if (!config)
		return bus_no_such_config(error, name);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ss)");
	vec_each(f, &config->files)
		if (r >= 0)
			r = sd_bus_message_append(reply, "(ss)", f->path, f->text);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int find_files(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	const char *name;
	uint64_t hash;
	int r = read_hash(b, m, &name, &hash, error);

	return r < 0 ? r : with_config(b, c, m, hash, name, reply_files, error);
}

/** bus_read_config() - the method; see sd_bus_message_handler_t(3). */
int bus_read_config(sd_bus_message *m, void *user, sd_bus_error *error)
{
	const char *name;
	uint64_t hash;
	int r = read_hash(user, m, &name, &hash, error);

	return r < 0 ? r : caller_identify(user, m, find_files);
}
