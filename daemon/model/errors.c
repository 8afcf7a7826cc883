// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of error numbers; a number that is not in it is a driver's or the kernel's verdict. */
#include "model/errors.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static const struct {
	int number;
	unsigned classes;
} errors[] = {
	{0, 0},
	{EAGAIN, ERROR_BUSY | ERROR_READ_AGAIN},
	{EBUSY, ERROR_BUSY | ERROR_READ_AGAIN},
	{EINTR, ERROR_READ_AGAIN},
	{ENOMEM, ERROR_READ_AGAIN},
	{ENOBUFS, ERROR_READ_AGAIN | ERROR_LOST}, /* more came than the socket holds */
	{EBADMSG, ERROR_READ_AGAIN | ERROR_LOST}, /* an answer was cut */
	{ETIMEDOUT, ERROR_READ_AGAIN | ERROR_LOST | ERROR_OF_OBJECT}, /* firmware that is silent */
};

/** error_is() - does @error, 0 or -errno, belong to @class? */
bool error_is(int error, enum error_class class)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].number == -error)
			return errors[i].classes & class;
	return class == ERROR_OF_OBJECT;
}

/**
 * error_text() - "Input/output error: words of the driver".
 * @error: -errno
 * @words: the kernel's (extack), or NULL
 *
 * Return: to be freed.
 */
char *error_text(int error, const char *words)
{
	return mem_printf("%s%s%s", strerror(-error), words ? ": " : "", words ? words : "");
}
