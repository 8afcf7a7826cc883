// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl import: lines of devlink(8) and files of systemd-devlinkd as a config. Decides what each
 * command says in a config, and why some cannot be said there. Commands that change nothing, and
 * reloads, which carved makes itself where they are needed, are passed over.
 */
#include "import.h"
#include "base/text.h"
#include "client.h"
#include "ctl.h"
#include "output.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (1 << 20)

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/**
 * import_add() - a setting, in the place of an earlier one of the same key.
 *
 * Return: why it cannot be said, or NULL.
 */
const char *import_add(struct imported *im, const char *device, const char *section,
		       const char *object, const char *attr, const char *value)
{
	struct setting added = {device, section, object, attr, value, im->text, im->at};
	const char *why = import_try(im, &added);

	if (why)
		return why;
	vec_each(s, &im->settings) {
		if (!is(s->device, device) || !is(s->section, section) || !is(s->object, object) ||
		    !is(s->attr, attr))
			continue;
		if (!is(s->value, value))
			import_leave(im, s->at, s->text,
				     arena_printf(&im->arena, "it is set again: %s:%u", im->at.file,
						  im->at.line));
		*s = added;
		return NULL;
	}
	vec_push(&im->settings, added);
	return NULL;
}

/** import_leave() - @text, found @at, is not said in the config. */
void import_leave(struct imported *im, struct at at, const char *text, const char *why)
{
	vec_push(&im->unsaid, ((struct unsaid){at.file, text, why, at.line}));
}

/* --- one command ---------------------------------------------------------------------- */

/* What a keyword of a command says in the config. */
struct keyword {
	const char *name, *attr; /* attr "": the object itself has it; NULL: see take_verb() */
	const char *(*convert)(struct imported *im, const char *value);
	const char *alone; /* it stands for this value, and none follows */
};

#define KEYWORDS_MAX 5

/* A command that sets something. */
struct verb {
	const char *words[3]; /* NULL at their end */
	const char *section;
	const char *key; /* the keyword that names the object; "": it has no name */
	struct keyword keywords[KEYWORDS_MAX];
};

/* What follows the keywords of a command; NULL: it does not have that one. */
struct arguments {
	const char *object, *values[KEYWORDS_MAX];
};

static const char *to_grace(struct imported *im, const char *value)
{
	return arena_printf(&im->arena, "%sms", value);
}

static const char *to_bool(_unused_ struct imported *im, const char *value)
{
	return is(value, "1") ? "true" : is(value, "0") ? "false" : value;
}

static const char *to_encap(_unused_ struct imported *im, const char *value)
{
	if (is(value, "basic") || is(value, "enable"))
		return "true";
	return is(value, "none") || is(value, "disable") ? "false" : value;
}

static const struct verb verbs[] = {
	{{"dev", "param", "set"},
	 "params",
	 "name",
	 {{"value", NULL, NULL, NULL},
	  {"cmode", NULL, NULL, NULL},
	  {"default", NULL, NULL, "default"}}},
	{{"dev", "eswitch", "set"},
	 "eswitch",
	 "",
	 {{"mode", "mode", NULL, NULL},
	  {"inline-mode", "inline_mode", NULL, NULL},
	  {"encap-mode", "encap", to_encap, NULL},
	  {"encap", "encap", to_encap, NULL}}},
	{{"sb", "pool", "set"},
	 "pools",
	 "pool",
	 {{"sb", NULL, NULL, NULL}, {"size", "size", NULL, NULL}, {"thtype", "type", NULL, NULL}}},
	{{"resource", "set"}, "resources", "path", {{"size", "", NULL, NULL}}},
	{{"health", "set"},
	 "health_reporters",
	 "reporter",
	 {{"grace_period", "grace_period", to_grace, NULL},
	  {"burst_period", "burst_period", to_grace, NULL},
	  {"auto_recover", "auto_recover", to_bool, NULL},
	  {"auto_dump", "auto_dump", to_bool, NULL}}},
	{{"trap", "set"}, "traps", "trap", {{"action", "", NULL, NULL}}},
	{{"trap", "group", "set"},
	 "trap_groups",
	 "group",
	 {{"action", "action", NULL, NULL},
	  {"policer", "policer", NULL, NULL},
	  {"nopolicer", "policer", NULL, "none"}}},
	{{"trap", "policer", "set"},
	 "trap_policers",
	 "policer",
	 {{"rate", "rate", NULL, NULL}, {"burst", "burst", NULL, NULL}}},
	{{"lc", "set"},
	 "linecards",
	 "lc",
	 {{"type", "", NULL, NULL}, {"notype", "", NULL, "none"}}},
};

/* Commands that are known to have no place in a config. */
static const struct {
	const char *words[3];
	const char *why;
} others[] = {
	{{"dev", "flash"},
	 "write firmware: {version: ..., file: ...}; the version is not in the "
	 "command"},
	{{"port", "split"},
	 "see port_splits; which physical number the port has: devlink port show"},
	{{"port", "unsplit"},
	 "see port_splits; which physical number the port has: devlink port "
	 "show"},
	{{"sb", "port", "pool"},
	 "see shared_buffers; which physical number the port has: devlink "
	 "port show"},
	{{"sb", "tc", "bind"},
	 "see shared_buffers; which physical number the port has: devlink port "
	 "show"},
};

/* devlink takes the first of its words that begins with what is typed. */
static bool is_short(const char *typed, const char *word)
{
	size_t n = strlen(typed);

	return n > 1 && strncmp(typed, word, n) == 0;
}

/* Verbs that only look, or that carved does itself. */
static bool changes_nothing(const word_list *w, size_t from)
{
	static const char *const looks[] = {"show",   "list",	  "lst",       "get",
					    "info",   "monitor",  "help",      "dump",
					    "reload", "diagnose", "occupancy", "snapshot"};

	for (size_t i = from; i < w->n && i < from + 3; i++)
		for (size_t k = 0; k < ARRAY_SIZE(looks); k++)
			if (is(w->v[i], looks[k]) || (i > from && is_short(w->v[i], looks[k])))
				return true;
	/* devlink -batch - <<EOF; [ -x /sbin/devlink ] */
	return from >= w->n || is(w->v[from], "-") || is(w->v[from], "]");
}

/* Do the words begin so? Return: how many these are; 0: no. */
static size_t begins(const word_list *w, size_t from, const char *const words[3])
{
	size_t n = 0;

	for (; n < 3 && words[n]; n++)
		if (from + n >= w->n || !is_short(w->v[from + n], words[n]))
			return 0;
	return n;
}

static const struct verb *find_verb(const word_list *w, size_t from)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (begins(w, from, verbs[i].words))
			return &verbs[i];
	return NULL;
}

static bool has_word(const word_list *w, size_t from, const char *word)
{
	for (size_t i = from; i < w->n; i++)
		if (is(w->v[i], word))
			return true;
	return false;
}

static bool is_handle(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash != text && slash[1] && !strchr(slash + 1, '/') &&
	       !strpbrk(text, "$%");
}

static const char **find_value(const struct verb *c, struct arguments *a, const char *typed,
			       const char **ret_alone)
{
	*ret_alone = NULL;
	for (size_t i = 0; i < KEYWORDS_MAX && c->keywords[i].name; i++) {
		*ret_alone = c->keywords[i].alone;
		if (is_short(typed, c->keywords[i].name))
			return &a->values[i];
	}
	*ret_alone = NULL;
	return is_short(typed, c->key) ? &a->object : NULL;
}

/* Return: why they are not understood as a whole, or NULL. */
static const char *read_arguments(struct imported *im, const struct verb *c, const word_list *w,
				  size_t from, struct arguments *ret)
{
	const char *alone, **value;

	for (size_t i = from; i < w->n; i++) {
		value = find_value(c, ret, w->v[i], &alone);
		if (!value)
			return arena_printf(&im->arena, "carved does not know \"%s\" there",
					    w->v[i]);
		if (!alone && i + 1 >= w->n)
			return arena_printf(&im->arena, "nothing follows \"%s\"", w->v[i]);
		*value = alone ?: w->v[++i];
	}
	if (!ret->object && *c->key)
		return "it does not name what it sets";
	return NULL;
}

static const char *take_values(struct imported *im, const struct verb *c, const char *device,
			       const char *object, const struct arguments *a)
{
	const char *why = NULL;
	bool found = false;

	for (size_t i = 0; !why && i < KEYWORDS_MAX; i++) {
		const struct keyword *k = &c->keywords[i];

		if (!a->values[i] || !k->attr)
			continue;
		why = import_add(im, device, c->section, object, k->attr,
				 k->convert ? k->convert(im, a->values[i]) : a->values[i]);
		found = true;
	}
	return found ? why : "it sets nothing that carved knows";
}

/* Return: why it cannot be said, or NULL. */
static const char *take_verb(struct imported *im, const struct verb *c, const char *device,
			     const word_list *w, size_t from)
{
	struct arguments a = {};
	const char *why = read_arguments(im, c, w, from, &a);

	if (why)
		return why;
	if (is(c->section, "params")) {
		const char *value = a.values[0] ?: a.values[2], *cmode = a.values[1];

		return value && cmode ? import_add(im, device, "params", a.object, cmode, value)
				      : "it lacks a value or a cmode";
	}
	if (is(c->section, "pools"))
		a.object = arena_printf(&im->arena, "%s/%s", a.values[0] ?: "0", a.object);
	return take_values(im, c, device, a.object ?: "", &a);
}

static const char *why_not(const word_list *w, size_t from)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (begins(w, from, others[i].words))
			return others[i].why;
	return "carved has no setting for it";
}

/* @from: behind "devlink" and its options. Return: why it cannot be said, or NULL. */
static const char *take(struct imported *im, const word_list *w, size_t from)
{
	const struct verb *c = find_verb(w, from);
	const char *device;

	if (!c)
		return why_not(w, from);
	from += begins(w, from, c->words) + 1;
	device = from <= w->n ? w->v[from - 1] : "";
	for (size_t i = from - 1; i < w->n; i++)
		if (strpbrk(w->v[i], "$`%"))
			return "its arguments are known only when it runs";
	if (!is_handle(device))
		return "carved names a port by its physical number: see devlink port show";
	return take_verb(im, c, device, w, from);
}

/* --- which commands are devlink's --------------------------------------------------------- */

static const char *const objects[] = {"dev",	"resource", "trap", "sb",     "port",
				      "health", "lc",	    "rate", "region", "dpipe"};

/* Also behind "RUN+=" of udev. */
static bool is_devlink(const char *word)
{
	const char *name = word;

	for (; *word; word++)
		if (strchr("/=", *word))
			name = word + 1;
	return is(name, "devlink");
}

static size_t skip_options(const word_list *w, size_t i)
{
	for (; i < w->n && w->v[i][0] == '-'; i++)
		i += is(w->v[i], "-N") || is(w->v[i], "-Netns") || is(w->v[i], "--Netns");
	return i;
}

/* Where a command of devlink begins, behind its options; @w->n: it is none. */
static size_t find_devlink(const word_list *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) /* a batch file */
		if (w->n > 2 && is(w->v[0], objects[i]))
			return 0;
	if (w->n > 2 && strlen(w->v[0]) > 1 && find_verb(w, 0))
		return 0;
	for (size_t i = 0; i < w->n; i++) {
		size_t next = skip_options(w, i + 1);

		if (is_devlink(w->v[i]) || (*w->v[i] == '$' && find_verb(w, next)))
			return next;
	}
	return w->n;
}

/* What its options, or a command around it, make of it. Return: why it cannot be said, or NULL. */
static const char *why_not_here(const word_list *w, size_t from)
{
	for (size_t i = 0; i < MIN(from, w->n); i++) {
		if (strncmp(w->v[i], "-N", 2) == 0 || strncmp(w->v[i], "--N", 3) == 0 ||
		    is(w->v[i], "netns") || is(w->v[i], "nsenter"))
			return "carved sees the devices of its own network namespace only";
		if (i && (is(w->v[i], "-b") || is(w->v[i], "-batch") || is(w->v[i], "--batch")) &&
		    i + 1 < w->n && !is(w->v[i + 1], "-"))
			return "import that file, too";
	}
	if (from + 1 < w->n && is_short(w->v[from], "dev") && is_short(w->v[from + 1], "reload") &&
	    has_word(w, from, "netns"))
		return "carved leaves a device in its network namespace";
	if (is(w->v[0], "down") || is(w->v[0], "pre-down") || is(w->v[0], "post-down"))
		return "that is done when an interface is taken down";
	return NULL;
}

static bool is_printed(const word_list *w)
{
	for (size_t i = 0; i < MIN((size_t)2, w->n); i++)
		if (is(w->v[i], "echo") || is(w->v[i], "printf") || is(w->v[i], "logger"))
			return true;
	return false;
}

static const char *find_in_text(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
			return p + n;
	return NULL;
}

/* Do they look as if they set something, though not as a shell would have it? */
static bool is_suspect(const word_list *w)
{
	struct buf text = {};
	const char *from;
	bool found = false;

	vec_each(word, w)
		buf_add(&text, "%s ", *word);
	from = find_in_text(text.s, "devlink");
	for (size_t i = 0; from && i < ARRAY_SIZE(objects); i++) {
		const char *p = find_in_text(from, objects[i]);

		found |= p && find_in_text(p, "set");
	}
	buf_clear(&text);
	return found;
}

/* sh -c '...' Return: is there any? */
static bool take_nested(struct imported *im, struct at at, const word_list *w)
{
	bool found = false;

	for (size_t i = 0; i < w->n; i++) {
		if (!strchr(w->v[i], ' ') || !strstr(w->v[i], "devlink "))
			continue;
		import_script(im, at, w->v[i], import_devlink);
		found = true;
	}
	return found;
}

/** import_devlink() - what a command says, if it is one of devlink. */
void import_devlink(struct imported *im, struct at at, const word_list *w, const char *text)
{
	size_t from = find_devlink(w);
	const char *why;

	if (is_printed(w)) {
		if (is_suspect(w))
			import_leave(im, at, text, "it is printed, not done");
		return;
	}
	if (!take_nested(im, at, w) && from >= w->n && is_suspect(w))
		import_leave(im, at, text, "it is not understood");
	why = why_not_here(w, from);
	if (from >= w->n || (!why && changes_nothing(w, from)))
		return;
	im->at = at;
	im->text = text;
	why = why ?: take(im, w, from);
	if (why)
		import_leave(im, at, text, why);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && is(name + n - m, suffix);
}

/* Without a byte order mark, and carriage returns at the ends of lines. */
static const char *plain_text(struct imported *im, const char *text)
{
	char *plain = arena_strdup(&im->arena, text), *to = plain;

	for (const char *p = text + 3 * (strncmp(text, "\xef\xbb\xbf", 3) == 0); *p; p++)
		if (!(p[0] == '\r' && p[1] == '\n'))
			*to++ = *p;
	*to = '\0';
	return plain;
}

/* Begins it with a section? "[ -x FILE ]" of a shell is none. */
static bool is_ini(const char *text)
{
	while (*text && strchr(" \t\r\n#;", *text))
		text += strchr("#;", *text) ? strcspn(text, "\n") : 1;
	return *text == '[' && isalpha((unsigned char)text[1]);
}

/** import_text() - what the file called @file does; @text is what is in it. */
void import_text(struct imported *im, const char *file, const char *text)
{
	struct at at = {file, 1};

	text = plain_text(im, text);
	if (ends_in(file, ".devlink"))
		import_devlink_file(im, at, text);
	else if (is_ini(text))
		import_unit(im, at, text);
	else
		import_script(im, at, text, import_devlink);
}

/** import_clear() - free all that was found. */
void import_clear(struct imported *im)
{
	vec_clear(&im->settings);
	vec_clear(&im->unsaid);
	arena_clear(&im->arena);
}

/* --- the command ------------------------------------------------------------------------- */

static int read_file(const char *name, struct buf *ret)
{
	FILE *f = is(name, "-") ? stdin : fopen(name, "re");
	char block[4096];
	size_t n;
	int r = f ? 0 : -errno;

	buf_add(ret, "%s", "");
	while (f && r == 0 && (n = fread(block, 1, sizeof(block), f)) > 0) {
		if (memchr(block, '\0', n))
			r = -EILSEQ;
		buf_add(ret, "%.*s", (int)strnlen(block, n), block);
		if (ret->n > FILE_MAX)
			r = -EFBIG;
	}
	if (f && r == 0 && ferror(f))
		r = errno ? -errno : -EIO;
	if (f && f != stdin)
		fclose(f);
	if (r < 0)
		client_say("cannot read %s: %s", name,
			   r == -EILSEQ ? "it is not a text" : strerror(-r));
	return r;
}

/**
 * command_import() - carvectl import FILE... [--json]
 *
 * Return: the exit code.
 */
int command_import(const struct ctl *ctl)
{
	struct imported im = {};
	int exit_code = CTL_OK;
	struct buf out = {};

	for (size_t i = 0; exit_code == CTL_OK && i < ctl->n_args; i++) {
		struct buf text = {};

		if (read_file(ctl->args[i], &text) < 0)
			exit_code = CTL_ERROR;
		else
			import_text(&im, ctl->args[i], text.s);
		buf_clear(&text);
	}
	if (exit_code == CTL_OK) {
		if (ctl->json)
			import_render_json(&im, &out);
		else
			import_render(&im, &out);
		exit_code = output_text(&out, im.unsaid.n ? CTL_STEPS : CTL_OK);
		if (!im.settings.n && !im.unsaid.n)
			client_say("no command of devlink that sets something was found");
	}
	import_clear(&im);
	return exit_code;
}
