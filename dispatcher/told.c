// SPDX-License-Identifier: GPL-2.0-or-later
/* See told.h. What a property is called is the table's to say. */
#include "told.h"
#include "base/mem.h"
#include "ctl/message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
	char type;
} properties[] = {
	{"Handle", offsetof(struct told, handle), 's'},
	{"Entry", offsetof(struct told, entry), 's'},
	{"Driver", offsetof(struct told, driver), 's'},
	{"State", offsetof(struct told, state), 's'},
	{"ReloadCount", offsetof(struct told, reloads), 't'},
	{"ForeignReloadCount", offsetof(struct told, foreign_reloads), 't'},
	{"RegistrationCount", offsetof(struct told, registrations), 't'},
};

static int read_text(sd_bus_message *m, char **to)
{
	struct arena arena = {};
	const char *text;
	int r = message_read_line(m, &arena, &text);

	if (r > 0) {
		free(*to);
		*to = mem_strdup(text);
	}
	arena_clear(&arena);
	return r;
}

/* Return: 0 where it is none of ours. */
static int read_value(struct told *t, sd_bus_message *m, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		const char type[] = {properties[i].type, '\0'};
		char *to = (char *)t + properties[i].offset;
		int r;

		if (strcmp(properties[i].name, name) != 0)
			continue;
		r = sd_bus_message_enter_container(m, 'v', type);
		if (r > 0)
			r = properties[i].type == 's' ? read_text(m, (char **)to)
						      : sd_bus_message_read(m, "t", to);
		return r < 0 ? r : sd_bus_message_exit_container(m);
	}
	return 0;
}

static int read_property(struct told *t, sd_bus_message *m)
{
	struct arena arena = {};
	const char *name;
	int r = message_read_line(m, &arena, &name);

	if (r > 0)
		r = read_value(t, m, name);
	if (r == 0)
		r = sd_bus_message_skip(m, "v");
	arena_clear(&arena);
	return r;
}

/**
 * told_read() - take over those properties that stand in an a{sv}, which is next in @m.
 *
 * Return: 0 or more; -errno where it is something else.
 */
int told_read(struct told *t, sd_bus_message *m)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_property(t, m);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/** told_clear() - free what it holds. */
void told_clear(struct told *t)
{
	free(t->handle);
	free(t->entry);
	free(t->driver);
	free(t->state);
	*t = (struct told){};
}
