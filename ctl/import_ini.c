// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of systemd: the commands of a unit's Exec lines, and what a .devlink file of
 * systemd-devlinkd matches and sets.
 */
#include "import.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* One line "KEY=VALUE" of a section. */
struct ini_line {
	const char *section, *key, *value, *text;
	struct at at;
};

typedef void (*ini_found)(struct imported *im, void *user, const struct ini_line *line);

static char *trimmed(struct arena *arena, const char *from, size_t n)
{
	while (n && isspace((unsigned char)*from)) {
		from++;
		n--;
	}
	while (n && isspace((unsigned char)from[n - 1]))
		n--;
	return arena_strndup(arena, from, n);
}

/* How long the line is, with those that a backslash at its end adds. */
static size_t line_length(const char *p)
{
	size_t n = strcspn(p, "\n");

	while (n && p[n] && p[n - 1] == '\\')
		n += 1 + strcspn(p + n + 1, "\n");
	return n;
}

static void read_ini(struct imported *im, struct at at, const char *text, ini_found found,
		     void *user)
{
	struct ini_line line = {.section = "", .at = at};
	const char *p = text;

	while (*p) {
		size_t n = line_length(p);
		const char *clean = trimmed(&im->arena, p, n), *equals = strchr(clean, '=');

		if (*clean == '[') {
			line.section =
				arena_strndup(&im->arena, clean + 1, strcspn(clean + 1, "]"));
		} else if (*clean && !strchr("#;", *clean) && equals) {
			line.text = clean;
			line.key = trimmed(&im->arena, clean, (size_t)(equals - clean));
			line.value = trimmed(&im->arena, equals + 1, strlen(equals + 1));
			found(im, user, &line);
		}
		for (size_t i = 0; i < n + (p[n] == '\n'); i++)
			line.at.line += p[i] == '\n';
		p += n + (p[n] == '\n');
	}
}

static void on_unit_line(struct imported *im, _unused_ void *user, const struct ini_line *line)
{
	const char *command = line->value + strspn(line->value, "-@:+!|");

	if (strncasecmp(line->key, "ExecStop", 8) == 0 && strstr(command, "devlink"))
		import_leave(im, line->at, line->text, "that is done when the unit stops");
	else if (strncasecmp(line->key, "Exec", 4) == 0)
		import_script(im, line->at, command, import_devlink);
}

/** import_unit() - the commands of a systemd unit. */
void import_unit(struct imported *im, struct at at, const char *text)
{
	read_ini(im, at, text, on_unit_line, NULL);
}

/* What a .devlink file is about. */
struct devlink_file {
	const char *kind, *handle, *name;
};

static bool is(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static const char *take_match(struct devlink_file *f, const struct ini_line *l)
{
	if (is(l->key, "Kind"))
		f->kind = l->value;
	else if (is(l->key, "Handle"))
		f->handle = l->value;
	else if (is(l->key, "Name"))
		f->name = l->value;
	else
		return "carved matches devices by handle, driver, netdev or what they report";
	return NULL;
}

/* Return: why it cannot be said, or NULL. */
static const char *take_line(struct imported *im, struct devlink_file *f, const struct ini_line *l)
{
	if (is(l->section, "Match"))
		return take_match(f, l);
	if (is(l->section, "Port"))
		return "carved splits ports by their physical number, see port_splits";
	if (!*f->handle)
		return "the file names no device";
	if (is(l->section, "Dev") && is(l->key, "EswitchMode"))
		return import_add(im, f->handle, "eswitch", "", "mode", l->value);
	if (is(l->section, "HealthReporter") && is(l->key, "GracePeriodMSec") && *f->name)
		return import_add(im, f->handle, "health_reporters", f->name, "grace_period",
				  arena_printf(&im->arena, "%sms", l->value));
	if (is(l->section, "Param") && is(l->key, "Value") && *f->name)
		/* devlinkd writes it to whatever cmodes there are; mostly that is one */
		return import_add(im, f->handle, "params", f->name, "", l->value);
	return "carved has no setting for it";
}

static void on_devlink_line(struct imported *im, void *user, const struct ini_line *line)
{
	const char *why;

	im->at = line->at;
	im->text = line->text;
	why = take_line(im, user, line);
	if (why)
		import_leave(im, line->at, line->text, why);
}

/** import_devlink_file() - what a .devlink file of systemd-devlinkd does. */
void import_devlink_file(struct imported *im, struct at at, const char *text)
{
	struct devlink_file f = {"", "", ""};

	read_ini(im, at, text, on_devlink_line, &f);
}
