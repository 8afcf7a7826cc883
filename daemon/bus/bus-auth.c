// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may change something: root without further ado, others if polkit says so, nobody else where
 * there is no polkit. Polkit is asked without waiting for it, and told when its answer is of no use
 * any more. What is asked for begins in the callback that was given.
 */
#include "base/clock.h"
#include "bus/internal.h"

#include <inttypes.h>

/* Somebody may have to type a password. */
#define INTERACTIVE_USEC (2 * USEC_PER_MIN)

#define POLKIT_NAME	   "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	   "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE   "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_INTERACTIVE 1u

/* A question that is not answered yet. It holds the call, whose arguments were checked before. */
struct auth_check {
	struct bus *bus;
	struct caller *caller;
	sd_bus_message *call;
	sd_bus_slot *slot;
	char *id; /* by which polkit knows the question */
	const char *action;
	caller_handler then;
};

/* An agent may show a dialogue for it. */
static void cancel(struct auth_check *q)
{
	sd_bus_call_method_async(q->bus->connection, NULL, POLKIT_NAME, POLKIT_PATH,
				 POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL, "s",
				 q->id);
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

static int permit(const struct auth_check *q)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = q->then(q->bus, q->caller, q->call, &error);

	return r < 0 ? sd_bus_reply_method_errno(q->call, r, &error) : r;
}

static int judge(const struct auth_check *q, sd_bus_message *verdict)
{
	int authorized, challenge;

	if (sd_bus_message_is_method_error(verdict, NULL))
		return deny(q->call, q->action, "only root is, as polkit does not answer");
	if (sd_bus_message_enter_container(verdict, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(verdict, "bb", &authorized, &challenge) < 0)
		return deny(q->call, q->action, "polkit's answer is not understood");
	if (authorized)
		return permit(q);
	if (challenge)
		return sd_bus_reply_method_errorf(
			q->call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			"interactive authentication is required for %s", q->action);
	return deny(q->call, q->action, "polkit says no");
}

static int on_verdict(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct auth_check *q = user;
	int r = judge(q, m);

	if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY))
		cancel(q);
	forget(q);
	return r;
}

static int ask_polkit(struct auth_check *q)
{
	_cleanup_message_ sd_bus_message *question = NULL;
	bool interactive = sd_bus_message_get_allow_interactive_authorization(q->call) > 0;
	int r = sd_bus_message_new_method_call(q->bus->connection, &question, POLKIT_NAME,
					       POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

	if (r >= 0)
		r = sd_bus_message_append(question, "(sa{sv})sa{ss}us", "system-bus-name", 1,
					  "name", "s", q->caller->name, q->action, 0,
					  interactive ? POLKIT_INTERACTIVE : 0u, q->id);
	return r < 0 ? r
		     : sd_bus_call_async(q->bus->connection, &q->slot, question, on_verdict, q,
					 interactive ? INTERACTIVE_USEC : 0);
}

static int ask(struct bus *b, struct caller *c, sd_bus_message *call, const char *action,
	       caller_handler then, sd_bus_error *error)
{
	struct auth_check *q;
	int r = caller_take(c, SHARE_QUESTIONS, error);

	if (r < 0)
		return r;
	q = mem_new(struct auth_check);
	*q = (struct auth_check){.bus = b,
				 .caller = c,
				 .call = sd_bus_message_ref(call),
				 .id = mem_printf("carved-%" PRIu64, ++b->n_auth_checks),
				 .action = action,
				 .then = then};
	vec_push(&b->auth_checks, q);
	if (ask_polkit(q) >= 0)
		return 1;
	forget(q);
	return deny(call, action, "polkit cannot be asked");
}

/**
 * bus_authorize() - call @then if @c may do @action, else refuse the call.
 *
 * Return: as a method's handler.
 */
int bus_authorize(struct bus *b, struct caller *c, sd_bus_message *call, const char *action,
		  caller_handler then, sd_bus_error *error)
{
	if (caller_is_master(c))
		return then(b, c, call, error);
	if (c->uid == UINT32_MAX)
		return deny(call, action, "the caller is not known");
	if (b->is_users)
		return deny(call, action, "this carved is somebody else's");
	return ask(b, c, call, action, then, error);
}
