// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes to standard output and notices when that fails. */
#include "output.h"
#include "client.h"

#include <errno.h>

/** output_newline() - the newline that @text lacks at its end, or "". */
const char *output_newline(const char *text)
{
	size_t n = strlen(text);

	return n && text[n - 1] != '\n' ? "\n" : "";
}

static int finish(int r, int exit_code)
{
	if (fflush(stdout) == 0 && r >= 0)
		return exit_code;
	client_say("cannot write to standard output: %s", strerror(errno));
	return CTL_ERROR;
}

/**
 * output_json() - write @answer to standard output.
 *
 * Return: @exit_code, or CTL_ERROR if it could not be written.
 */
int output_json(const struct answer_type *type, const void *answer, int exit_code)
{
	return finish(answer_print_json(type, answer, stdout), exit_code);
}

/**
 * output_text() - write @text to standard output and clear it.
 *
 * Return: @exit_code, or CTL_ERROR if it could not be written.
 */
int output_text(struct buf *text, int exit_code)
{
	int r = text->n && fwrite(text->s, 1, text->n, stdout) != text->n ? -EIO : 0;

	buf_clear(text);
	return finish(r, exit_code);
}
