// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings, paths and errors of D-Bus as texts that can be shown. */
#include "message.h"
#include "base/text.h"

/** message_read_line() - the next string, as one line. Return: as sd_bus_message_read(). */
int message_read_line(sd_bus_message *m, struct arena *arena, const char **ret)
{
	_cleanup_free_ char *line = NULL;
	const char *said;
	int r = sd_bus_message_read(m, "s", &said);

	if (r <= 0)
		return r;
	line = text_clean_line(said);
	*ret = arena_strdup(arena, line);
	return r;
}

/**
 * message_read_text() - the next string, which may have lines.
 *
 * Return: as sd_bus_message_read().
 */
int message_read_text(sd_bus_message *m, struct arena *arena, const char **ret)
{
	_cleanup_free_ char *text = NULL;
	const char *said;
	int r = sd_bus_message_read(m, "s", &said);

	if (r <= 0)
		return r;
	text = text_clean(said, strlen(said));
	*ret = arena_strdup(arena, text);
	return r;
}

/**
 * message_read_owners() - of a NameOwnerChanged: had the name one, has it one?
 *
 * Return: 0 or -errno.
 */
int message_read_owners(sd_bus_message *m, bool *ret_before, bool *ret_now)
{
	const char *before, *now;
	int r = sd_bus_message_read(m, "sss", NULL, &before, &now);

	if (r < 0)
		return r;
	*ret_before = *before;
	*ret_now = *now;
	return 0;
}

/**
 * message_handle() - the handle in an object's path below @prefix, to be freed; NULL: there is
 * none.
 */
char *message_handle(const char *path, const char *prefix)
{
	_cleanup_free_ char *handle = NULL;

	return sd_bus_path_decode(path, prefix, &handle) > 0 ? text_clean_line(handle) : NULL;
}

/** message_clean_error() - make the words of @error, if it is set, ones that can be shown. */
void message_clean_error(sd_bus_error *error)
{
	sd_bus_error clean = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *text = NULL;

	if (!error->message)
		return;
	text = text_clean(error->message, strlen(error->message));
	sd_bus_error_set(&clean, error->name, text);
	sd_bus_error_free(error);
	*error = clean;
}

/**
 * message_error() - the error that @m is.
 *
 * Return: 0 where it is none, else -errno and *ret is set.
 */
int message_error(sd_bus_message *m, sd_bus_error *ret)
{
	if (!sd_bus_message_is_method_error(m, NULL))
		return 0;
	sd_bus_error_copy(ret, sd_bus_message_get_error(m));
	message_clean_error(ret);
	return -sd_bus_error_get_errno(ret);
}
