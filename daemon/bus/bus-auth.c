// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may change something: root without further ado, others if polkit says so, nobody else where
 * there is no polkit. Polkit is told what would be done, and asked a second time for an action of
 * its own where a switch would be reloaded or flashed. It is asked without waiting for it, and told
 * when its answer is of no use any more. What is asked for begins in the callback that was given.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/manager.h"

#include <inttypes.h>
#include <string.h>

/* Somebody may have to type a password. */
#define INTERACTIVE_USEC (2 * USEC_PER_MIN)

#define ACTION_DISRUPT "org.carved1.disrupt"

#define POLKIT_NAME	   "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	   "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE   "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_INTERACTIVE 1u

/* A question that is not answered yet. It holds the call, whose arguments were checked before. */
struct auth_check {
	struct bus *bus;
	struct caller *caller;
	sd_bus_message *call;
	sd_bus_slot *slot; /* NULL until polkit is asked */
	char *id;	   /* by which polkit knows the question */
	const char *action;
	struct demand demand;
	struct assessment would;
};

/* An agent may show a dialogue for it. */
static void cancel(struct auth_check *q)
{
	if (q->slot)
		sd_bus_call_method_async(q->bus->connection, NULL, POLKIT_NAME, POLKIT_PATH,
					 POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL,
					 "s", q->id);
}

static void question_free(struct auth_check *q)
{
	caller_give(q->caller, SHARE_QUESTIONS);
	sd_bus_slot_unref(q->slot);
	sd_bus_message_unref(q->call);
	free(q->id);
	free(q);
}

static void forget(struct auth_check *q)
{
	struct bus *b = q->bus;

	for (size_t i = b->auth_checks.n; i-- > 0;)
		if (b->auth_checks.v[i] == q)
			vec_remove(&b->auth_checks, i);
	question_free(q);
}

/** bus_auth_checks_drop() - @left is gone; NULL: all, the connection is. */
void bus_auth_checks_drop(struct bus *b, const struct caller *left)
{
	for (size_t i = b->auth_checks.n; i-- > 0;) {
		struct auth_check *q = b->auth_checks.v[i];

		if (left && q->caller != left)
			continue;
		vec_remove(&b->auth_checks, i);
		cancel(q);
		question_free(q);
	}
	if (!left)
		vec_clear(&b->auth_checks);
}

static int deny(sd_bus_message *call, const char *action, const char *why)
{
	return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
					  "not authorized for %s: %s", action, why);
}

static void permit(const struct auth_check *q)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	q->caller->granted = q->would;
	r = q->demand.then(q->bus, q->caller, q->call, &error);
	if (r < 0)
		sd_bus_reply_method_errno(q->call, r, &error);
}

/* Return: does it authorize? Else the call is answered. */
static bool judge(const struct auth_check *q, sd_bus_message *verdict)
{
	int authorized, challenge;

	if (sd_bus_message_is_method_error(verdict, NULL))
		deny(q->call, q->action, "only root is, as polkit does not answer");
	else if (sd_bus_message_enter_container(verdict, 'r', "bba{ss}") < 0 ||
		 sd_bus_message_read(verdict, "bb", &authorized, &challenge) < 0)
		deny(q->call, q->action, "polkit's answer is not understood");
	else if (authorized)
		return true;
	else if (challenge)
		sd_bus_reply_method_errorf(q->call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					   "interactive authentication is required for %s",
					   q->action);
	else
		deny(q->call, q->action, "polkit says no");
	return false;
}

static void ask_polkit(struct auth_check *q, const char *action);

static int on_verdict(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct auth_check *q = user;
	bool yes = judge(q, m);

	if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY))
		cancel(q);
	if (yes && q->would.disrupts && strcmp(q->action, ACTION_DISRUPT) != 0) {
		ask_polkit(q, ACTION_DISRUPT);
		return 1;
	}
	if (yes)
		permit(q);
	forget(q);
	return 1;
}

/* What a rule can look at. */
static int append_details(sd_bus_message *question, const struct auth_check *q)
{
	_cleanup_free_ char *hash =
		q->would.hash ? mem_printf("%016" PRIx64, q->would.hash) : mem_strdup("");

	return sd_bus_message_append(question, "a{ss}", 4, "device", q->demand.device,
				     "allow-reload", q->demand.allow_reload ? "yes" : "no",
				     "disrupts", bus_disrupts_name(q->would.disrupts), "config",
				     hash);
}

static int send_question(struct auth_check *q)
{
	_cleanup_message_ sd_bus_message *question = NULL;
	bool interactive = sd_bus_message_get_allow_interactive_authorization(q->call) > 0;
	int r = sd_bus_message_new_method_call(q->bus->connection, &question, POLKIT_NAME,
					       POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

	if (r >= 0)
		r = sd_bus_message_append(question, "(sa{sv})s", "system-bus-name", 1, "name", "s",
					  q->caller->name, q->action);
	if (r >= 0)
		r = append_details(question, q);
	if (r >= 0)
		r = sd_bus_message_append(question, "us", interactive ? POLKIT_INTERACTIVE : 0u,
					  q->id);
	return r < 0 ? r
		     : sd_bus_call_async(q->bus->connection, &q->slot, question, on_verdict, q,
					 interactive ? INTERACTIVE_USEC : 0);
}

/* Of @q, which is forgotten where it cannot be asked. */
static void ask_polkit(struct auth_check *q, const char *action)
{
	free(q->id);
	q->id = mem_printf("carved-%" PRIu64, ++q->bus->n_auth_checks);
	q->action = action;
	q->slot = sd_bus_slot_unref(q->slot);
	if (send_question(q) >= 0)
		return;
	deny(q->call, action, "polkit cannot be asked");
	forget(q);
}

/* See check_ready. Without a config the call fails. */
static void on_ready(struct auth_check *q, struct config *config)
{
	if (config)
		q->would = (struct assessment){
			q->demand.idle ? DISRUPTS_NONE : bus_disrupts(q->bus, &q->demand, config),
			config->hash};
	ask_polkit(q, q->demand.action);
}

static void assess(struct auth_check *q)
{
	struct manager *m = q->bus->manager;
	uint64_t hash = q->demand.hash ? q->demand.hash : manager_config(m)->hash;
	struct config *config = q->demand.files ? NULL : manager_known_config(m, hash);

	if (q->demand.files || (config && q->demand.hash))
		bus_assess(q->caller, q->call, config, q, on_ready);
	else
		on_ready(q, config);
}

static int ask(struct bus *b, struct caller *c, sd_bus_message *call, const struct demand *demand,
	       sd_bus_error *error)
{
	struct auth_check *q;
	int r = caller_take(c, SHARE_QUESTIONS, error);

	if (r < 0)
		return r;
	q = mem_new(struct auth_check);
	*q = (struct auth_check){
		.bus = b, .caller = c, .call = sd_bus_message_ref(call), .demand = *demand};
	vec_push(&b->auth_checks, q);
	assess(q);
	return 1;
}

/**
 * bus_authorize() - call what @demand says if @c may do that, else refuse the call.
 *
 * Return: as a method's handler.
 */
int bus_authorize(struct bus *b, struct caller *c, sd_bus_message *call,
		  const struct demand *demand, sd_bus_error *error)
{
	if (caller_is_master(c)) {
		c->granted = (struct assessment){.disrupts = DISRUPTS_FLASH};
		return demand->then(b, c, call, error);
	}
	if (c->uid == UINT32_MAX)
		return deny(call, demand->action, "the caller is not known");
	if (b->is_users)
		return deny(call, demand->action, "this carved runs as another user");
	return ask(b, c, call, demand, error);
}
