// SPDX-License-Identifier: GPL-2.0-or-later
/* Values by their signature. What is read into a message is written the way that sd-bus reads. */
#include "message.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * message_connection() - one to nobody: messages belong to it, and what is sent is never read.
 *
 * Return: to be closed.
 */
sd_bus *message_connection(void)
{
	sd_bus *bus = NULL;
	int fds[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	MUST(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
	MUST(sd_bus_start(bus) >= 0);
	close(fds[1]);
	return bus;
}

/* What the type at @s takes, "(ss)" of "(ss)u"; 0: it is none. */
static size_t type_length(const char *s)
{
	const char open = *s, close = open == '(' ? ')' : '}';
	size_t n = 1, inner;

	if (open == 'a') {
		inner = type_length(s + 1);
		return inner ? 1 + inner : 0;
	}
	if (open != '(' && open != '{')
		return open && strchr("ybnqiuxtdsogv", open) ? 1 : 0;
	while (s[n] != close) {
		inner = type_length(s + n);
		if (!inner)
			return 0;
		n += inner;
	}
	return n + 1;
}

static int add_text(sd_bus_message *m, struct fuzz_input *in, char type)
{
	_cleanup_free_ char *text = fuzz_text(in);

	return sd_bus_message_append_basic(m, type, text);
}

static int add_number(sd_bus_message *m, struct fuzz_input *in, char type)
{
	static const struct {
		char type;
		size_t size;
	} sizes[] = {{'y', 1}, {'n', 2}, {'q', 2}, {'i', 4},
		     {'u', 4}, {'x', 8}, {'t', 8}, {'d', 8}};
	uint64_t value;
	int flag;

	if (type == 'b') {
		flag = fuzz_number(in, 1) & 1;
		return sd_bus_message_append_basic(m, type, &flag);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i].type != type)
			continue;
		value = fuzz_number(in, sizes[i].size); /* little endian, as those who fuzz are */
		return sd_bus_message_append_basic(m, type, &value);
	}
	return -EINVAL;
}

static int add_value(sd_bus_message *m, struct fuzz_input *in, const char *type);

/* Elements of an array, members of a struct or an entry, what is in a variant. */
static int add_contents(sd_bus_message *m, struct fuzz_input *in, char kind, const char *contents)
{
	uint64_t n = kind == 'a' ? fuzz_number(in, 1) : 1;
	int r = sd_bus_message_open_container(m, kind, contents);

	while (r >= 0 && n--)
		r = message_fill(m, in, contents);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_value(sd_bus_message *m, struct fuzz_input *in, const char *type)
{
	_cleanup_free_ char *inner = NULL;

	switch (*type) {
	case 'a':
		return add_contents(m, in, 'a', type + 1);
	case '(':
	case '{':
		inner = mem_printf("%.*s", (int)strlen(type) - 2, type + 1);
		return add_contents(m, in, *type == '(' ? 'r' : 'e', inner);
	case 'v':
		inner = fuzz_text(in);
		return type_length(inner) == strlen(inner) && *inner
			       ? add_contents(m, in, 'v', inner)
			       : -EINVAL;
	case 's':
	case 'o':
	case 'g':
		return add_text(m, in, *type);
	default:
		return add_number(m, in, *type);
	}
}

/** message_fill() - append values of @signature. Return: 0 or more, or -errno. */
int message_fill(sd_bus_message *m, struct fuzz_input *in, const char *signature)
{
	int r = 0;

	while (r >= 0 && *signature) {
		size_t n = type_length(signature);
		_cleanup_free_ char *type = mem_printf("%.*s", (int)n, signature);

		r = n ? add_value(m, in, type) : -EINVAL;
		signature += n;
	}
	return r;
}

/** message_finish() - make @m one that has come. Return: 0 or more, or -errno. */
int message_finish(sd_bus_message *m)
{
	static uint64_t cookie;
	int r = sd_bus_message_seal(m, cookie++ % UINT32_MAX + 1, 0);

	return r < 0 ? r : sd_bus_message_rewind(m, true);
}
