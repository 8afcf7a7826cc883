// SPDX-License-Identifier: GPL-2.0-or-later
/* The only mouth to the journal. Knows nothing of what is logged. */
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

static int max_level = LOG_INFO;
static bool to_journal;

/** log_open() - use the journal if $JOURNAL_STREAM says that stderr goes there anyway. */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	to_journal = stream && sscanf(stream, "%ju:%ju", &dev, &ino) == 2 &&
		     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/** log_set_level() - by name, "err" to "debug". Return: 0 or -EINVAL. */
int log_set_level(const char *name)
{
	static const char *const names[] = {"emerg",   "alert",	 "crit", "err",
					    "warning", "notice", "info", "debug"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (text_equal(name, names[i])) {
			max_level = (int)i;
			return 0;
		}
	}
	return -EINVAL;
}

#define MAX_FIELDS 12

/* A line: its message comes first. */
struct iovecs {
	struct iovec v[MAX_FIELDS];
	int n;
};

static _Thread_local bool held;
static _Thread_local VEC(struct iovecs) lines; /* while they are held */

static void add_field(struct iovecs *iov, const char *key, const char *value)
{
	char *s;

	if (!value)
		return;
	s = mem_printf("%s=%s", key, value);
	iov->v[iov->n++] = (struct iovec){.iov_base = s, .iov_len = strlen(s)};
}

static struct iovecs make_line(int level, const struct log_fields *f, const char *message)
{
	char number[24];
	struct iovecs iov = {};

	snprintf(number, sizeof(number), "%d", level);
	add_field(&iov, "MESSAGE", message);
	if (!to_journal)
		return iov;
	add_field(&iov, "PRIORITY", number);
	add_field(&iov, "SYSLOG_IDENTIFIER", program_invocation_short_name);
	if (f) {
		add_field(&iov, "MESSAGE_ID", f->id);
		add_field(&iov, "CARVED_DEVICE", f->device);
		add_field(&iov, "CARVED_OBJECT", f->object);
		add_field(&iov, "CARVED_TRIGGER", f->trigger);
		add_field(&iov, "CARVED_STATE", f->state);
		add_field(&iov, "CARVED_EXTACK", f->extack);
		if (f->file) {
			snprintf(number, sizeof(number), "%" PRIu32, f->line);
			add_field(&iov, "CONFIG_FILE", f->file);
			add_field(&iov, "CONFIG_LINE", number);
		}
	}
	return iov;
}

/* Lines for stderr; a write of no more than PIPE_BUF is not mixed with those of others. */
static void flush(struct buf *b)
{
	if (b->n)
		fwrite(b->s, 1, b->n, stderr);
	b->n = 0;
}

/* @out: where lines for stderr are gathered, to be flushed */
static void send_line(struct iovecs *iov, struct buf *out)
{
	const char *message = (char *)iov->v[0].iov_base + strlen("MESSAGE=");

	if (to_journal) {
		sd_journal_sendv(iov->v, iov->n);
	} else {
		if (out->n + strlen(message) + 1 > PIPE_BUF)
			flush(out);
		buf_add(out, "%s\n", message);
	}
	for (int i = 0; i < iov->n; i++)
		free(iov->v[i].iov_base);
}

static void send_lines(struct iovecs *v, size_t n)
{
	struct buf out = {};

	for (size_t i = 0; i < n; i++)
		send_line(&v[i], &out);
	flush(&out);
	buf_clear(&out);
}

/**
 * log_hold() - lines of this thread wait for log_release(): to log takes as long as to set a value.
 */
void log_hold(void)
{
	held = true;
}

/** log_release() - lines that wait are logged, and further ones at once. */
void log_release(void)
{
	held = false;
	send_lines(lines.v, lines.n);
	vec_clear(&lines);
}

/** log_with() - log one line; @f may be NULL. */
void log_with(int level, const struct log_fields *f, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	struct iovecs line;
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, format);
	message = mem_vprintf(format, ap);
	va_end(ap);
	line = make_line(level, f, message);
	if (held)
		vec_push(&lines, line);
	else
		send_lines(&line, 1);
}
