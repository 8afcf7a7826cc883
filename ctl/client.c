// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls and their failures. Decides what users are told to do; knows nothing of the answers. */
#include "client.h"
#include "base/clock.h"
#include "base/text.h"
#include "style.h"
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define DBUS_ERROR(name) "org.freedesktop.DBus.Error." name

#define CLIENT_UNIT "/org/freedesktop/systemd1/unit/carved_2eservice"

/* A service that has started has its name on the bus within this time. */
#define START_USEC (5 * USEC_PER_SEC)

/* What carved does not answer for so long may be long work, or carved may hang. */
#define ALIVE_USEC (10 * USEC_PER_SEC)

/* --- what to tell ------------------------------------------------------------ */

/**
 * client_say() - a line on standard error, with the program's name before it; on a terminal it is
 * wrapped.
 */
void client_say(const char *format, ...)
{
	struct style style = style_of(STDERR_FILENO);
	_cleanup_free_ char *said = NULL, *line = NULL;
	struct buf out = {};
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&said, format, ap) < 0)
		abort();
	va_end(ap);
	line = mem_printf("carvectl: %s", said);
	if (style.width && !strchr(line, '\n'))
		wrap_render(line, 4, &style, &out);
	else
		buf_add(&out, "%s\n", line);
	fputs(out.s, stderr);
	buf_clear(&out);
}

enum cause {
	CAUSE_NOT_RUNNING,
	CAUSE_DENIED,
	CAUSE_WENT_AWAY,
	CAUSE_SILENT,
	CAUSE_OTHER_VERSION,
	CAUSE_UNKNOWN
};

static enum cause find_cause(const char *name)
{
	static const struct {
		const char *name;
		enum cause cause;
	} causes[] = {
		{SD_BUS_ERROR_SERVICE_UNKNOWN, CAUSE_NOT_RUNNING},
		{SD_BUS_ERROR_NAME_HAS_NO_OWNER, CAUSE_NOT_RUNNING},
		{SD_BUS_ERROR_ACCESS_DENIED, CAUSE_DENIED},
		{SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CAUSE_DENIED},
		{SD_BUS_ERROR_NO_REPLY, CAUSE_WENT_AWAY},
		{SD_BUS_ERROR_DISCONNECTED, CAUSE_WENT_AWAY},
		{SD_BUS_ERROR_TIMEOUT, CAUSE_SILENT},
		{DBUS_ERROR("TimedOut"), CAUSE_SILENT},
		{SD_BUS_ERROR_UNKNOWN_METHOD, CAUSE_OTHER_VERSION},
		{SD_BUS_ERROR_UNKNOWN_INTERFACE, CAUSE_OTHER_VERSION},
		{SD_BUS_ERROR_UNKNOWN_OBJECT, CAUSE_OTHER_VERSION},
		{SD_BUS_ERROR_INVALID_SIGNATURE, CAUSE_OTHER_VERSION},
	};

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (strcmp(causes[i].name, name) == 0)
			return causes[i].cause;
	return CAUSE_UNKNOWN;
}

/**
 * client_explain() - what a D-Bus error means here and what to do about it; to be freed.
 * @name, @message: of the error
 */
char *client_explain(const struct ctl *ctl, const char *name, const char *message)
{
	switch (find_cause(name)) {
	case CAUSE_NOT_RUNNING:
		return mem_printf("carved is not running; start it with: %s",
				  ctl->user_bus ? "carved --bus=user" : "systemctl start carved");
	case CAUSE_DENIED:
		return mem_printf("no permission (%s): \"carvectl %s\" needs root", message,
				  ctl->command);
	case CAUSE_WENT_AWAY:
		return mem_strdup("carved ended before it answered; look at: journalctl -u carved");
	case CAUSE_SILENT:
		return mem_strdup("carved does not answer; look at: systemctl status carved");
	case CAUSE_OTHER_VERSION:
		return mem_printf("the carved that runs is another version (%s); restart it with: "
				  "systemctl restart carved",
				  message);
	case CAUSE_UNKNOWN:
		break;
	}
	return mem_strdup(message);
}

/**
 * client_fail() - say on standard error what @error means.
 *
 * Return: @r if that is negative, else the -errno that stands for @error.
 */
int client_fail(const struct client *c, const sd_bus_error *error, int r)
{
	_cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *text = NULL;

	if (!sd_bus_error_is_set(error)) {
		sd_bus_error_set_errno(&own, r);
		error = &own;
	}
	text = client_explain(c->ctl, error->name, error->message ? error->message : error->name);
	client_say("%s", text);
	return r < 0 ? r : -sd_bus_error_get_errno(error);
}

/* --- the connection ---------------------------------------------------------- */

static bool is_there(struct client *c)
{
	return sd_bus_get_name_creds(c->bus, CLIENT_NAME, 0, NULL) >= 0;
}

/* Does systemd say that the service has been started? */
static bool is_started(struct client *c)
{
	static const char *const states[] = {"active", "activating", "reloading"};
	_cleanup_free_ char *state = NULL;

	if (sd_bus_get_property_string(c->bus, "org.freedesktop.systemd1", CLIENT_UNIT,
				       "org.freedesktop.systemd1.Unit", "ActiveState", NULL,
				       &state) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* The name is looked up again by the caller. */
static int on_owner(sd_bus_message *m _unused_, void *user _unused_, sd_bus_error *error _unused_)
{
	return 0;
}

/* The service does not wait for D-Bus: it has its name a moment after it was started. */
static int wait_for_name(struct client *c)
{
	uint64_t end = clock_now() + START_USEC, now;
	int r = client_match_owner(c, on_owner, NULL);

	while (r >= 0 && !is_there(c)) {
		now = clock_now();
		if (now >= end) {
			client_say("carved was started and is not on D-Bus; look at: "
				   "systemctl status carved");
			return -ETIMEDOUT;
		}
		r = sd_bus_wait(c->bus, end - now);
		while (r > 0)
			r = sd_bus_process(c->bus, NULL);
	}
	return r < 0 ? client_fail(c, NULL, r) : 0;
}

/**
 * client_open() - connect to the bus; carved may be about to come to it.
 *
 * Return: 0; -errno, which has been reported.
 */
int client_open(struct client *c, const struct ctl *ctl)
{
	const char *name;
	int r;

	*c = (struct client){.ctl = ctl};
	r = ctl->user_bus ? sd_bus_open_user(&c->bus) : sd_bus_open_system(&c->bus);
	if (r >= 0) /* which the bus gives to those that it lets in, only */
		r = sd_bus_get_unique_name(c->bus, &name);
	if (r < 0)
		client_say(
			"carved cannot be asked without D-Bus (%s bus: %s); look at: systemctl %s",
			ctl->user_bus ? "user" : "system", strerror(-r),
			ctl->user_bus ? "--user status dbus" : "status dbus carved");
	else if (!ctl->user_bus && !is_there(c) && is_started(c))
		r = wait_for_name(c);
	return r;
}

/** client_close() - end the connection, after what was sent is on its way. */
void client_close(struct client *c)
{
	c->bus = sd_bus_flush_close_unref(c->bus);
}

static int new_call(struct client *c, const char *path, const char *interface, const char *member,
		    sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_call(c->bus, ret, CLIENT_NAME, path, interface, member);

	if (r < 0)
		return client_fail(c, NULL, r);
	return sd_bus_message_set_auto_start(*ret, false);
}

/** client_new_call() - a call of a method of the manager, to be filled and sent. */
int client_new_call(struct client *c, const char *member, sd_bus_message **ret)
{
	return new_call(c, CLIENT_PATH, CLIENT_MANAGER, member, ret);
}

/** client_append() - a device's name and an a{sv} with one option set, or none if it is NULL. */
int client_append(sd_bus_message *call, const char *device, const char *option)
{
	return option ? sd_bus_message_append(call, "sa{sv}", device, 1, option, "b", 1)
		      : sd_bus_message_append(call, "sa{sv}", device, 0);
}

static int disconnected(int r, sd_bus_error *error)
{
	if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE) {
		sd_bus_error_free(error);
		sd_bus_error_set_const(error, SD_BUS_ERROR_DISCONNECTED,
				       "D-Bus ended the connection");
	}
	return r;
}

/**
 * client_send() - send @call and wait for the answer.
 * @timeout_usec: 0: as long as a query may take
 * @error: says what failed; here, nothing is said on standard error
 *
 * Return: 0 or more; -errno where @error is set.
 */
int client_send(struct client *c, sd_bus_message *call, uint64_t timeout_usec, sd_bus_error *error,
		sd_bus_message **ret_reply)
{
	int r = sd_bus_call(c->bus, call, timeout_usec, error, ret_reply);

	message_clean_error(error);
	return disconnected(r, error);
}

/* --- waiting for carved ------------------------------------------------------- */

/* Ask carved for its state. Return: 0; -errno where it does not answer, which has been reported. */
static int ask_state(struct client *c, struct arena *arena, const char **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = new_call(c, CLIENT_PATH, "org.freedesktop.DBus.Properties", "Get", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "ss", CLIENT_MANAGER, "State");
	if (r >= 0)
		r = client_send(c, call, 0, &error, &reply);
	if (r == -ETIMEDOUT)
		return client_fail(c, &error, r);
	if (r >= 0 && sd_bus_message_enter_container(reply, 'v', "s") > 0)
		message_read_line(reply, arena, ret);
	c->heard = clock_now();
	return 0;
}

/**
 * client_wait() - until something comes, or @usec are over. A carved that says nothing for long is
 * asked whether it is alive.
 *
 * Return: 0 or more; -errno, of which -ETIMEDOUT has been reported.
 */
int client_wait(struct client *c, uint64_t usec)
{
	uint64_t now = clock_now();
	struct arena arena = {};
	const char *state;
	int r;

	if (!c->heard)
		c->heard = now;
	if (now < c->heard + ALIVE_USEC)
		return sd_bus_wait(c->bus, MIN(usec, c->heard + ALIVE_USEC - now));
	r = ask_state(c, &arena, &state);
	arena_clear(&arena);
	return r;
}

struct pending {
	sd_bus_message *reply;
};

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error _unused_)
{
	((struct pending *)user)->reply = sd_bus_message_ref(m);
	return 0;
}

/* Say, once, why nothing seems to happen. */
static int tell_delay(struct client *c)
{
	struct arena arena = {};
	const char *state = "busy";
	int r = ask_state(c, &arena, &state);

	if (r == 0)
		client_say("waiting for the answer; carved is there, its state: %s", state);
	arena_clear(&arena);
	return r;
}

/**
 * client_send_patiently() - send @call, whose answer may take long, and wait for it for as long as
 * carved is alive.
 * @error: says what failed; where it is not set, that has been reported
 *
 * Return: 0 or more, or -errno.
 */
int client_send_patiently(struct client *c, sd_bus_message *call, sd_bus_error *error,
			  sd_bus_message **ret_reply)
{
	uint64_t tell_at = clock_now() + ALIVE_USEC;
	sd_bus_slot *slot = NULL;
	struct pending p = {};
	int r = sd_bus_call_async(c->bus, &slot, call, on_answer, &p, UINT64_MAX);

	while (r >= 0 && !p.reply) {
		r = sd_bus_process(c->bus, NULL);
		if (r == 0 && clock_now() >= tell_at) {
			tell_at = USEC_NEVER;
			r = tell_delay(c);
		} else if (r == 0) {
			r = client_wait(c, ALIVE_USEC);
		}
		if (r == -EINTR)
			r = 0;
	}
	sd_bus_slot_unref(slot);
	if (r >= 0)
		r = message_error(p.reply, error);
	if (r < 0)
		sd_bus_message_unref(p.reply);
	else
		*ret_reply = p.reply;
	return disconnected(r, error);
}

/* --- signals and properties ------------------------------------------------------- */

/**
 * client_match_devices() - call @handler whenever properties of a device change.
 *
 * Return: 0; -errno, which has been reported.
 */
int client_match_devices(struct client *c, sd_bus_message_handler_t handler, void *user)
{
	int r = sd_bus_add_match(c->bus, NULL,
				 "type='signal',sender='" CLIENT_NAME
				 "',interface='org.freedesktop.DBus.Properties',"
				 "member='PropertiesChanged',path_namespace='" CLIENT_DEVICES
				 "',arg0='" CLIENT_DEVICE "'",
				 handler, user);

	return r < 0 ? client_fail(c, NULL, r) : 0;
}

/**
 * client_match_owner() - call @handler whenever carved comes to the bus or leaves it.
 *
 * Return: 0; -errno, which has been reported.
 */
int client_match_owner(struct client *c, sd_bus_message_handler_t handler, void *user)
{
	int r = sd_bus_add_match(c->bus, NULL,
				 "type='signal',sender='org.freedesktop.DBus',"
				 "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
				 "member='NameOwnerChanged',arg0='" CLIENT_NAME "'",
				 handler, user);

	return r < 0 ? client_fail(c, NULL, r) : 0;
}

/**
 * client_get_all() - all properties of an object.
 *
 * Return: 0; 1 where there is no such object (any more); -errno.
 */
int client_get_all(struct client *c, const char *path, const char *interface,
		   sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = new_call(c, path, "org.freedesktop.DBus.Properties", "GetAll", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "s", interface);
	if (r < 0)
		return r;
	r = client_send(c, call, 0, &error, ret_reply);
	if (r < 0 && sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT))
		return 1;
	return r < 0 ? client_fail(c, &error, r) : 0;
}
