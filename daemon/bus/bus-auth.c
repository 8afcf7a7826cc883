// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may change something: root without further ado, others if polkit says so, nobody else where
 * there is no polkit. The bus and polkit are asked without waiting for them. What is asked for
 * begins in the callback that was given.
 */
#include "base/clock.h"
#include "bus/internal.h"

#include <inttypes.h>
#include <unistd.h>

/* Somebody may have to type a password. */
#define INTERACTIVE_USEC (2 * USEC_PER_MIN)

#define POLKIT_NAME	   "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	   "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE   "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_INTERACTIVE 1u

/* A question that is not answered yet. It holds the call, and so the connection. */
struct auth_check {
	struct bus *bus;
	sd_bus_message *call;
	sd_bus_slot *slot;
	const char *action;
	bus_permitted then;
	uint32_t uid;
};

static void question_free(struct auth_check *q)
{
	sd_bus_slot_unref(q->slot);
	sd_bus_message_unref(q->call);
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

/** bus_auth_checks_drop() - the connection is gone. */
void bus_auth_checks_drop(struct bus *b)
{
	vec_each(q, &b->auth_checks)
		question_free(*q);
	vec_clear(&b->auth_checks);
}

static int deny(const struct auth_check *q, const char *why)
{
	return sd_bus_reply_method_errorf(q->call, SD_BUS_ERROR_ACCESS_DENIED,
					  "not authorized for %s: %s", q->action, why);
}

static int permit(const struct auth_check *q)
{
	_cleanup_free_ char *who = mem_printf("uid %" PRIu32, q->uid);
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = q->then(q->bus, q->call, who, &error);

	return r < 0 ? sd_bus_reply_method_errno(q->call, r, &error) : r;
}

static int judge(const struct auth_check *q, sd_bus_message *verdict)
{
	int authorized, challenge;

	if (sd_bus_message_is_method_error(verdict, NULL))
		return deny(q, "only root is, as polkit does not answer");
	if (sd_bus_message_enter_container(verdict, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(verdict, "bb", &authorized, &challenge) < 0)
		return deny(q, "polkit's answer is not understood");
	if (authorized)
		return permit(q);
	if (challenge)
		return sd_bus_reply_method_errorf(
			q->call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			"interactive authentication is required for %s", q->action);
	return deny(q, "polkit says no");
}

static int on_verdict(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	int r = judge(user, m);

	forget(user);
	return r;
}

static int ask(struct auth_check *q, sd_bus_message *question, sd_bus_message_handler_t then,
	       uint64_t usec)
{
	q->slot = sd_bus_slot_unref(q->slot);
	return sd_bus_call_async(q->bus->connection, &q->slot, question, then, q, usec);
}

static int ask_polkit(struct auth_check *q)
{
	_cleanup_message_ sd_bus_message *question = NULL;
	bool interactive = sd_bus_message_get_allow_interactive_authorization(q->call) > 0;
	int r = sd_bus_message_new_method_call(q->bus->connection, &question, POLKIT_NAME,
					       POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

	if (r >= 0)
		r = sd_bus_message_append(question, "(sa{sv})sa{ss}us", "system-bus-name", 1,
					  "name", "s", sd_bus_message_get_sender(q->call),
					  q->action, 0, interactive ? POLKIT_INTERACTIVE : 0u, "");
	return r < 0 ? r : ask(q, question, on_verdict, interactive ? INTERACTIVE_USEC : 0);
}

/* Return: true where polkit is asked, else the call is answered. */
static bool goes_on(struct auth_check *q, sd_bus_message *m)
{
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &q->uid) < 0)
		deny(q, "the caller is not known");
	else if (q->uid == 0 || (q->bus->is_users && q->uid == getuid()))
		permit(q);
	else if (q->bus->is_users)
		deny(q, "this carved is somebody else's");
	else if (ask_polkit(q) >= 0)
		return true;
	else
		deny(q, "polkit cannot be asked");
	return false;
}

static int on_uid(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	if (!goes_on(user, m))
		forget(user);
	return 0;
}

/**
 * bus_authorize() - call @then if the sender of @call may do @action, else refuse the call.
 *
 * Return: as a method's handler.
 */
int bus_authorize(struct bus *b, sd_bus_message *call, const char *action, bus_permitted then)
{
	_cleanup_message_ sd_bus_message *question = NULL;
	struct auth_check *q;
	int r = sd_bus_message_new_method_call(b->connection, &question, "org.freedesktop.DBus",
					       "/org/freedesktop/DBus", "org.freedesktop.DBus",
					       "GetConnectionUnixUser");

	if (r >= 0)
		r = sd_bus_message_append(question, "s", sd_bus_message_get_sender(call));
	if (r < 0)
		return r;
	q = mem_new(struct auth_check);
	*q = (struct auth_check){
		.bus = b, .call = sd_bus_message_ref(call), .action = action, .then = then};
	vec_push(&b->auth_checks, q);
	r = ask(q, question, on_uid, 0);
	if (r < 0)
		forget(q);
	return r < 0 ? r : 1;
}
