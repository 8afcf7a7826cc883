// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes to standard output and notices when that fails. */
#include "output.h"
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/** output_newline() - the newline that @text lacks at its end, or "". */
const char *output_newline(const char *text)
{
	size_t n = strlen(text);

	return n && text[n - 1] != '\n' ? "\n" : "";
}

/**
 * output_finish() - whether all has been written.
 * @r: negative if it was not
 *
 * Return: @exit_code, or CTL_ERROR, which is told.
 */
int output_finish(int r, int exit_code)
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
	return output_finish(answer_print_json(type, answer, stdout), exit_code);
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
	return output_finish(r, exit_code);
}

static int write_all(int fd, const struct buf *text)
{
	for (size_t done = 0; done < text->n;) {
		ssize_t n = write(fd, text->s + done, text->n - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Nothing that lies there already is written through, whoever put it there. */
static int write_beside(int dir, const char *name, const struct buf *text)
{
	_cleanup_free_ char *temporary = mem_printf(".%s.%d", name, getpid());
	int fd, r;

	(void)unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

/**
 * output_file() - put @text, which is cleared, into the file at @path, which has all of it or stays
 * as it was.
 *
 * Return: CTL_OK or CTL_ERROR.
 */
int output_file(struct buf *text, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *folder =
		slash ? mem_printf("%.*s", (int)(slash - path) + 1, path) : mem_strdup(".");
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : write_beside(dir, name, text);

	if (dir >= 0)
		close(dir);
	buf_clear(text);
	if (r < 0)
		client_say("cannot write %s: %s", path, strerror(-r));
	return r < 0 ? CTL_ERROR : CTL_OK;
}
