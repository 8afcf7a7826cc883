// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds carvectl with what a service of carved's name may answer. An input is a command, how its
 * output is to look, and for each call of it a signature and the values (message.h): "" is an
 * error, with a name and words, or no answer where nothing is left. Whatever comes: no crash, and
 * nothing that a terminal would obey on standard output or standard error.
 */
#include "base/text.h"
#include "ctl/client.h"
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static struct fuzz_input answers;
static sd_bus *connection;

/* --- the client, whose calls are answered by the input ------------------------------------- */

int client_open(struct client *c, const struct ctl *ctl)
{
	*c = (struct client){.ctl = ctl, .bus = connection};
	return 0;
}

void client_close(_unused_ struct client *c)
{
}

int client_new_call(struct client *c, const char *member, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(c->bus, ret, CLIENT_NAME, CLIENT_PATH, CLIENT_MANAGER,
					      member);
}

int client_append(_unused_ sd_bus_message *call, _unused_ const char *device,
		  _unused_ const char *option)
{
	return 0;
}

static int next_error(sd_bus_error *error)
{
	_cleanup_free_ char *name = fuzz_text(&answers), *words = fuzz_text(&answers);

	if (text_is_utf8(words) && sd_bus_interface_name_is_valid(name) > 0)
		sd_bus_error_set(error, name, words);
	else
		sd_bus_error_set_const(error, SD_BUS_ERROR_FAILED, "it failed");
	message_clean_error(error);
	return -EIO;
}

static int next_answer(const char *signature, sd_bus_message **ret)
{
	int r = sd_bus_message_new_signal(connection, ret, CLIENT_PATH, CLIENT_MANAGER, "Answer");

	if (r >= 0)
		r = message_fill(*ret, &answers, signature);
	if (r >= 0)
		r = message_finish(*ret);
	if (r < 0)
		*ret = sd_bus_message_unref(*ret);
	return r;
}

int client_send(_unused_ struct client *c, _unused_ sd_bus_message *call, _unused_ uint64_t timeout,
		sd_bus_error *error, sd_bus_message **ret_reply)
{
	_cleanup_free_ char *signature = NULL;

	if (!answers.n)
		return next_error(error);
	signature = fuzz_text(&answers);
	if (!*signature || next_answer(signature, ret_reply) < 0)
		return next_error(error);
	return 0;
}

int client_send_patiently(struct client *c, sd_bus_message *call, sd_bus_error *error,
			  sd_bus_message **ret_reply)
{
	return client_send(c, call, 0, error, ret_reply);
}

int client_get_all(struct client *c, _unused_ const char *path, _unused_ const char *interface,
		   sd_bus_message **ret_reply)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_send(c, NULL, 0, &error, ret_reply);

	if (r < 0 && sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT))
		return 1;
	return r < 0 ? client_fail(c, &error, r) : 0;
}

void client_say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int client_fail(_unused_ const struct client *c, const sd_bus_error *error, int r)
{
	client_say("%s", error && error->message ? error->message : strerror(-r));
	return r;
}

/* No command here waits for signals. */
int client_wait(_unused_ struct client *c, _unused_ uint64_t usec)
{
	abort();
}

int client_match_devices(_unused_ struct client *c, _unused_ sd_bus_message_handler_t handler,
			 _unused_ void *user)
{
	abort();
}

int client_match_owner(_unused_ struct client *c, _unused_ sd_bus_message_handler_t handler,
		       _unused_ void *user)
{
	abort();
}

char *client_explain(_unused_ const struct ctl *ctl, _unused_ const char *name,
		     _unused_ const char *message)
{
	abort();
}

/* --- commands -------------------------------------------------------------------------------- */

#define HANDLE "pci/0000:03:00.0"

static const char *const none[] = {NULL}, *const device[] = {HANDLE}, *const two[] = {"0", "1"},
			 *const show_one[] = {"show", "0"},
			 *const object[] = {HANDLE, "trap dmac_filter"};

static const struct {
	int (*run)(const struct ctl *ctl);
	const char *const *args;
	size_t n_args;
	bool candidate, facts;
} commands[] = {
	{command_status, none, 0, false, false},      {command_status, device, 1, false, false},
	{command_resources, device, 1, false, false}, {command_explain, object, 2, false, false},
	{command_history, device, 1, false, false},   {command_plan, none, 0, false, false},
	{command_plan, device, 1, true, false},	      {command_configs, none, 0, false, false},
	{command_configs, show_one, 2, false, false}, {command_diff, two, 2, false, false},
	{command_metrics, none, 0, false, false},     {command_capture, device, 1, false, false},
	{command_capture, device, 1, false, true},    {command_confirm, none, 0, false, false},
};

/* What a terminal would show: lines of text. */
static void check_output(char *text)
{
	MUST(text_is_utf8(text));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		for (char *tab = strchr(line, '\t'); tab; tab = strchr(tab, '\t'))
			*tab = ' ';
		MUST(text_is_line(line));
	}
}

static void run(size_t command, bool json)
{
	FILE *out = stdout, *err = stderr;
	char *texts[2] = {};
	size_t sizes[2];
	struct ctl ctl = {.args = commands[command].args,
			  .n_args = commands[command].n_args,
			  .candidate = commands[command].candidate,
			  .facts = commands[command].facts,
			  .json = json};
	int code;

	stdout = open_memstream(&texts[0], &sizes[0]);
	stderr = open_memstream(&texts[1], &sizes[1]);
	code = commands[command].run(&ctl);
	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = err;
	MUST(code >= CTL_OK && code <= CTL_NOT_THERE);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		check_output(texts[i]);
		free(texts[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t command;

	answers = (struct fuzz_input){data, size};
	command = fuzz_number(&answers, 1);
	connection = message_connection();
	run(command % ARRAY_SIZE(commands), command & 0x80);
	sd_bus_close_unref(connection);
	return 0;
}
