// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a file and decides whether it is text: at most 1 MiB of UTF-8 without control characters,
 * and no tab before the first word of a line. Cuts it into lines, and is the one mouth through
 * which the folder reports errors, because only here lines are known. Refuses to know YAML.
 */
#include "yaml/source.h"
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PATIENCE_MSEC 5000 /* with whoever is to write to a pipe */
#define MESSAGE_MAX   300  /* bytes; what is quoted in a message may be as long as the file */

/**
 * source_line() - the bytes of a line, without its end.
 *
 * Return: not terminated; NULL where the file has no such line.
 */
const char *source_line(const struct source *s, uint32_t line, size_t *ret_n)
{
	const char *start, *end;

	if (line == 0 || line > s->lines.n)
		return NULL;
	start = s->bytes + s->lines.v[line - 1];
	end = memchr(start, '\n', s->size - s->lines.v[line - 1]);
	if (!end)
		end = s->bytes + s->size;
	if (end > start && end[-1] == '\r')
		end--;
	*ret_n = (size_t)(end - start);
	return start;
}

static char *line_copy(struct place at)
{
	size_t n;
	const char *p = source_line(at.source, at.line, &n);

	return p ? text_clean(p, n) : NULL;
}

/**
 * source_kept_line() - where the line at @at begins in what a config keeps of the file.
 *
 * Return: NULL where there is no such line. It goes on to the end of the file.
 */
const char *source_kept_line(struct place at)
{
	const struct source *s = at.source;

	return at.line && at.line <= s->lines.n ? s->kept + s->lines.v[at.line - 1] : NULL;
}

/** place_char() - the first byte of the character at @at; NUL at the end of a line. */
char place_char(struct place at)
{
	size_t n = 0;
	const char *p = source_line(at.source, at.line, &n);

	for (size_t i = 0; i < n; i++)
		if ((p[i] & 0xc0) != 0x80 && --at.column == 0)
			return p[i];
	return '\0';
}

/** place_mark() - the place without its source, which may go then. */
struct mark place_mark(struct place at)
{
	return (struct mark){at.source->path, at.line, at.column};
}

/* Formats a message as one line that fits a screen: no tabs, and cut between two characters. */
static char *format_message(const char *format, va_list ap)
{
	char *message;

	if (vasprintf(&message, format, ap) < 0)
		return mem_strdup(format);
	if (strlen(message) > MESSAGE_MAX) {
		size_t cut = MESSAGE_MAX - 3;

		while (cut > 0 && (message[cut] & 0xc0) == 0x80)
			cut--;
		strcpy(message + cut, "...");
	}
	for (char *tab = strchr(message, '\t'); tab; tab = strchr(tab, '\t'))
		*tab = ' ';
	return message;
}

/** place_error() - report an error at @at, with the line. */
void place_error(struct diag_list *diags, struct place at, const char *format, ...)
{
	_cleanup_free_ char *message = NULL, *line = NULL;
	va_list ap;

	va_start(ap, format);
	message = format_message(format, ap);
	va_end(ap);
	if (diags->diags.n < DIAG_MAX)
		line = line_copy(at);
	diag_add(diags, DIAG_ERROR, place_mark(at), line, NULL, "%s", message);
}

/** place_blank() - report that text at @at has @c, as text_blank() finds it. */
void place_blank(struct diag_list *diags, struct place at, uint32_t c)
{
	place_error(diags, at,
		    "character U+%04" PRIX32 " only looks like a space, or like nothing; write a "
		    "plain space, or put the text into quotes",
		    c);
}

/** file_error() - report an error that concerns a whole file. */
void file_error(struct diag_list *diags, const char *path, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list ap;

	va_start(ap, format);
	message = format_message(format, ap);
	va_end(ap);
	diag_add(diags, DIAG_ERROR, (struct mark){.file = text_intern(path)}, NULL, NULL, "%s",
		 message);
}

static int report_character(struct diag_list *diags, struct place at, size_t len, uint32_t c,
			    unsigned char byte)
{
	if (len == 0)
		place_error(diags, at, "byte 0x%02x is not UTF-8; save the file as UTF-8", byte);
	else if (c == 0)
		place_error(diags, at, "a NUL byte; the file is not text");
	else if (c == '\r')
		place_error(diags, at,
			    "a carriage return within a line; end lines with a line feed");
	else
		place_error(diags, at, "control character U+%04" PRIX32 " is not allowed", c);
	return -EINVAL;
}

static int report_tabs(struct diag_list *diags, struct place first, uint32_t lines)
{
	if (lines == 1)
		place_error(diags, first, "a tab indents this line; use spaces");
	else
		place_error(diags, first, "tabs indent this and %" PRIu32 " more lines; use spaces",
			    lines - 1);
	return -EINVAL;
}

/* Finds the lines, and refuses the first byte that is no text and all tabs that indent. */
static int scan(struct source *s, struct diag_list *diags)
{
	struct place at = {s, 1, 1}, tab = {};
	uint32_t tab_lines = 0, last_tab_line = 0;
	bool indents = true;

	vec_push(&s->lines, 0);
	for (size_t i = 0, len; i < s->size; i += len) {
		uint32_t c = 0;

		len = text_char(s->bytes + i, s->size - i, &c);
		if (len == 0 || (text_is_control(c) && !(c == '\r' && s->bytes[i + 1] == '\n')))
			return report_character(diags, at, len, c, (unsigned char)s->bytes[i]);
		if (c == '\t' && indents && at.line != last_tab_line) {
			tab = tab_lines++ ? tab : at;
			last_tab_line = at.line;
		}
		indents = c == '\n' || (indents && (c == ' ' || c == '\t'));
		at.column++;
		if (c == '\n') {
			vec_push(&s->lines, i + 1);
			at = (struct place){s, at.line + 1, 1};
		}
	}
	return tab_lines ? report_tabs(diags, tab, tab_lines) : 0;
}

/* Waits for whoever writes to a pipe. Return: false where nothing comes. */
static bool await_writer(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, PATIENCE_MSEC) > 0;
}

/* Reads to the end, but no further than one byte over the limit. */
static int read_bytes(int fd, struct source *s, size_t expected)
{
	size_t cap = MIN(expected, (size_t)SOURCE_SIZE_MAX) + 2;

	s->bytes = mem_alloc(cap);
	for (;;) {
		ssize_t n = read(fd, s->bytes + s->size, cap - s->size - 1);

		if (n < 0 && (errno == EINTR || (errno == EAGAIN && await_writer(fd))))
			continue;
		if (n < 0)
			return -errno;
		s->size += (size_t)n;
		if (n == 0 || s->size > SOURCE_SIZE_MAX)
			break;
		if (s->size == cap - 1) {
			cap = MIN(cap * 2, (size_t)SOURCE_SIZE_MAX + 2);
			s->bytes = mem_resize(s->bytes, cap);
		}
	}
	s->bytes[s->size] = '\0';
	return 0;
}

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Reading neither waits nor never ends: a regular file, or /dev/null, which is an empty one. */
static bool is_plain(const struct stat *st)
{
	return S_ISREG(st->st_mode) || (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

/*
 * Reads @opened, or opens the path and reads. Return: 0, -errno, or -ENOTSUP for what is no regular
 * file.
 */
static int slurp(struct source *s, int opened, enum source_kind kind)
{
	_cleanup_(closep) int fd = opened;
	struct stat st;

	if (fd < 0)
		fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (kind == SOURCE_REGULAR && !is_plain(&st))
		return -ENOTSUP;
	if (S_ISFIFO(st.st_mode) &&
	    !await_writer(fd)) /* nobody has it open, which reads as empty */
		return -ETIMEDOUT;
	return read_bytes(fd, s, S_ISREG(st.st_mode) ? (size_t)st.st_size : 4096);
}

static void drop_byte_order_mark(struct source *s)
{
	if (s->size < 3 || memcmp(s->bytes, "\xef\xbb\xbf", 3) != 0)
		return;
	s->size -= 3;
	memmove(s->bytes, s->bytes + 3, s->size + 1);
}

/* What was read, unless it failed with @r, is to be text. @s is the caller's if it is. */
static int take_bytes(struct source *s, int r, struct diag_list *diags, struct source **ret)
{
	if (r == 0 && s->size > SOURCE_SIZE_MAX) {
		file_error(diags, s->path, "larger than 1 MiB");
		r = -EFBIG;
	}
	if (r == 0) {
		drop_byte_order_mark(s);
		r = scan(s, diags);
	}
	if (r < 0)
		s = source_free(s);
	else
		*ret = s;
	return r;
}

static int read_opened(const char *path, int fd, enum source_kind kind, struct diag_list *diags,
		       struct source **ret)
{
	struct source *s;
	int r;

	if (!text_is_line(path)) { /* it could not be told to anybody */
		_cleanup_free_ char *shown = text_clean_line(path);

		file_error(diags, shown, "the name is not UTF-8 text in one line; rename the file");
		return -EINVAL;
	}
	s = mem_new(struct source);
	s->path = text_intern(path);
	r = slurp(s, fd, kind);
	if (r == -ENOTSUP)
		file_error(diags, path, "not a regular file");
	else if (r < 0 && r != -ENOENT)
		file_error(diags, path, "cannot read the file: %s", strerror(-r));
	return take_bytes(s, r, diags, ret);
}

/**
 * source_read() - a file as text.
 * @diags: gets what is wrong with the file, unless it is not there
 *
 * Return: 0, -ENOENT without a diagnostic, another -errno with one.
 */
int source_read(const char *path, enum source_kind kind, struct diag_list *diags,
		struct source **ret)
{
	return read_opened(path, -1, kind, diags, ret);
}

/**
 * source_trust() - may only root, or who owns @root, change what is at @path, below @root?
 * @ret_fd: the file, or -1 where it is a directory or cannot be opened
 *
 * Return: 0, or -EPERM with a diagnostic.
 */
int source_trust(const char *root, const char *path, struct diag_list *diags, int *ret_fd)
{
	_cleanup_free_ char *place = NULL, *why = NULL;
	_cleanup_(closep) int dir = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	*ret_fd = -1;
	if (dir < 0 || fstat(dir, &st) < 0)
		return 0;
	r = trusted_open(dir, st.st_uid, text_below(path, root), &place, &why);
	if (r == -EPERM)
		file_error(diags, path, "not read, as %s", why);
	else if (r >= 0)
		*ret_fd = r;
	return r == -EPERM ? r : 0;
}

/** source_dangles() - is @path missing because a link on the way to it leads nowhere? */
bool source_dangles(const char *path)
{
	_cleanup_free_ char *at = mem_strdup(path);
	struct stat st;

	for (char *end = at + strlen(at); end && end > at; end = strrchr(at, '/')) {
		*end = '\0';
		if (lstat(at, &st) == 0)
			return S_ISLNK(st.st_mode) && stat(at, &st) < 0;
	}
	return false;
}

/**
 * source_read_trusted() - as source_read(), of a regular file that source_trust() lets pass.
 *
 * Return: as source_read().
 */
int source_read_trusted(const char *root, const char *path, struct diag_list *diags,
			struct source **ret)
{
	int fd = -1, r = text_is_line(path) ? source_trust(root, path, diags, &fd) : 0;

	return r < 0 ? r : read_opened(path, fd, SOURCE_REGULAR, diags, ret);
}

/**
 * source_is() - is a regular file what it was? It is read, and not looked at any further.
 * @root: it is to be one that source_trust() lets pass below that; or NULL
 * @text: what was read of it
 */
bool source_is(const char *root, const char *path, const char *text)
{
	struct source s = {.path = path};
	struct diag_list diags = {};
	int fd = -1, r = root ? source_trust(root, path, &diags, &fd) : 0;
	bool is;

	if (r == 0)
		r = slurp(&s, fd, SOURCE_REGULAR);
	if (r == 0)
		drop_byte_order_mark(&s);
	is = r == 0 && s.size == strlen(text) && memcmp(s.bytes, text, s.size) == 0;
	free(s.bytes);
	diag_clear(&diags);
	return is;
}

/**
 * source_of_text() - a file that is not on disk.
 * @diags: gets what is wrong with the text
 *
 * Return: 0, or -errno with a diagnostic.
 */
int source_of_text(const char *path, const char *text, struct diag_list *diags, struct source **ret)
{
	struct source *s = mem_new(struct source);

	s->path = text_intern(path);
	s->bytes = mem_strdup(text);
	s->size = strlen(text);
	return take_bytes(s, 0, diags, ret);
}

/** source_free() - forget a file; places in it are no longer valid. Return: NULL. */
struct source *source_free(struct source *s)
{
	if (!s)
		return NULL;
	vec_clear(&s->lines);
	free(s->bytes);
	free(s);
	return NULL;
}
