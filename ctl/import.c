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
	struct setting added = {device, section, object, attr, value};
	const char *why = import_try(im, &added);

	if (why)
		return why;
	vec_each(s, &im->settings) {
		if (is(s->device, device) && is(s->section, section) && is(s->object, object) &&
		    is(s->attr, attr)) {
			s->value = value;
			return NULL;
		}
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
	const char *name, *attr; /* attr "": the object itself has this value */
	const char *(*convert)(struct imported *im, const char *value);
};

/* A command that sets something. */
struct verb {
	const char *words[3]; /* NULL at their end */
	const char *section;
	const char *key; /* the keyword that names the object; "": it has no name */
	struct keyword keywords[4];
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
	{{"resource", "set"}, "resources", "path", {{"size", "", NULL}}},
	{{"dev", "eswitch", "set"},
	 "eswitch",
	 "",
	 {{"mode", "mode", NULL},
	  {"inline-mode", "inline_mode", NULL},
	  {"encap-mode", "encap", to_encap},
	  {"encap", "encap", to_encap}}},
	{{"trap", "set"}, "traps", "trap", {{"action", "", NULL}}},
	{{"trap", "group", "set"},
	 "trap_groups",
	 "group",
	 {{"action", "action", NULL}, {"policer", "policer", NULL}}},
	{{"trap", "policer", "set"},
	 "trap_policers",
	 "policer",
	 {{"rate", "rate", NULL}, {"burst", "burst", NULL}}},
	{{"health", "set"},
	 "health_reporters",
	 "reporter",
	 {{"grace_period", "grace_period", to_grace},
	  {"auto_recover", "auto_recover", to_bool},
	  {"auto_dump", "auto_dump", to_bool}}},
	{{"lc", "set"}, "linecards", "lc", {{"type", "", NULL}}},
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

/* Verbs that only look, or that carved does itself. */
static bool changes_nothing(const word_list *w, size_t from)
{
	static const char *const looks[] = {"show",   "list",	   "lst",     "get",
					    "info",   "monitor",   "help",    "dump",
					    "reload", "occupancy", "snapshot"};

	for (size_t i = from; i < w->n && i < from + 3; i++)
		for (size_t k = 0; k < ARRAY_SIZE(looks); k++)
			if (is(w->v[i], looks[k]))
				return true;
	return from >= w->n || strpbrk(w->v[from], "<>"); /* command -v devlink >/dev/null */
}

/* Do the words begin so? Return: how many these are; 0: no. */
static size_t begins(const word_list *w, size_t from, const char *const words[3])
{
	size_t n = 0;

	for (; n < 3 && words[n]; n++)
		if (from + n >= w->n || !is(w->v[from + n], words[n]))
			return 0;
	return n;
}

static const char *value_after(const word_list *w, size_t from, const char *keyword)
{
	for (size_t i = from; i + 1 < w->n; i++)
		if (is(w->v[i], keyword))
			return w->v[i + 1];
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

/* Return: why it cannot be said, or NULL. */
static const char *take_param(struct imported *im, const char *device, const word_list *w,
			      size_t from)
{
	const char *name = value_after(w, from, "name"), *value = value_after(w, from, "value");
	const char *cmode = value_after(w, from, "cmode");

	if (!name || !value || !cmode)
		return "it lacks a name, a value or a cmode";
	return import_add(im, device, "params", name, cmode, value);
}

static const char *take_pool(struct imported *im, const char *device, const word_list *w,
			     size_t from)
{
	const char *sb = value_after(w, from, "sb") ?: "0", *pool = value_after(w, from, "pool");
	const char *size = value_after(w, from, "size"), *type = value_after(w, from, "thtype");
	const char *object, *why = NULL;

	if (!pool)
		return "it names no pool";
	object = arena_printf(&im->arena, "%s/%s", sb, pool);
	if (size)
		why = import_add(im, device, "pools", object, "size", size);
	if (type && !why)
		why = import_add(im, device, "pools", object, "type", type);
	return why;
}

/* Keywords without a value. */
static const struct {
	const char *word, *attr;
} nones[] = {{"nopolicer", "policer"}, {"notype", ""}};

static const char *take_keywords(struct imported *im, const struct verb *c, const char *device,
				 const word_list *w, size_t from)
{
	const char *object = *c->key ? value_after(w, from, c->key) : "", *why = NULL;
	bool found = false;

	if (!object)
		return "it does not name what it sets";
	for (size_t i = 0; !why && i < ARRAY_SIZE(nones); i++) {
		if (!has_word(w, from, nones[i].word))
			continue;
		why = import_add(im, device, c->section, object, nones[i].attr, "none");
		found = true;
	}
	for (size_t i = 0; !why && i < ARRAY_SIZE(c->keywords) && c->keywords[i].name; i++) {
		const struct keyword *k = &c->keywords[i];
		const char *value = value_after(w, from, k->name);

		if (!value)
			continue;
		why = import_add(im, device, c->section, object, k->attr,
				 k->convert ? k->convert(im, value) : value);
		found = true;
	}
	return found ? why : "it sets nothing that carved knows";
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
	static const char *const param[3] = {"dev", "param", "set"}, *const pool[3] = {"sb", "pool",
										       "set"};
	const struct verb *c = NULL;
	size_t n = begins(w, from, param) ?: begins(w, from, pool);
	const char *device;

	for (size_t i = 0; !n && i < ARRAY_SIZE(verbs); i++) {
		c = &verbs[i];
		n = begins(w, from, c->words);
	}
	if (!n)
		return why_not(w, from);
	device = from + n < w->n ? w->v[from + n] : "";
	from += n + 1;
	for (size_t i = from - 1; i < w->n; i++)
		if (strpbrk(w->v[i], "$`%"))
			return "its arguments are known only when it runs";
	if (!is_handle(device))
		return "carved names a port by its physical number: see devlink port show";
	if (c)
		return take_keywords(im, c, device, w, from);
	return is(w->v[from - n - 1], "sb") ? take_pool(im, device, w, from)
					    : take_param(im, device, w, from);
}

static bool is_devlink(const char *word)
{
	const char *slash = strrchr(word, '/');

	return is(slash ? slash + 1 : word, "devlink");
}

/* The file of `devlink -batch FILE`, or NULL. What follows "-" stands in the script itself. */
static const char *batch_file(const word_list *w)
{
	const char *file = value_after(w, 0, "-b") ?: value_after(w, 0, "-batch");

	return file && !is(file, "-") ? file : NULL;
}

/* Where a command of devlink begins, behind its options; @w->n: it is none. */
static size_t find_devlink(const word_list *w)
{
	static const char *const objects[] = {"dev",	"resource", "trap", "sb",     "port",
					      "health", "lc",	    "rate", "region", "dpipe"};

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) /* a batch file */
		if (w->n > 2 && is(w->v[0], objects[i]))
			return 0;
	for (size_t i = 0; i < w->n; i++) {
		if (!is_devlink(w->v[i]))
			continue;
		for (i++; i < w->n && w->v[i][0] == '-'; i++)
			i += is(w->v[i], "-N") || is(w->v[i], "-n") || is(w->v[i], "-Netns");
		return i;
	}
	return w->n;
}

/** import_devlink() - what a command says, if it is one of devlink. */
void import_devlink(struct imported *im, struct at at, const word_list *w, const char *text)
{
	size_t from = find_devlink(w);
	const char *why;

	for (size_t i = 0; i < w->n; i++) /* sh -c '...' */
		if (strchr(w->v[i], ' ') && strstr(w->v[i], "devlink ") && !strstr(w->v[i], "$(") &&
		    !strchr(w->v[i], '`'))
			import_script(im, at, w->v[i], import_devlink);
	if (from >= w->n || changes_nothing(w, from))
		return;
	why = batch_file(w) ? "import that file, too" : take(im, w, from);
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

/** import_text() - what the file called @file does; @text is what is in it. */
void import_text(struct imported *im, const char *file, const char *text)
{
	struct at at = {file, 1};

	text = plain_text(im, text);

	if (ends_in(file, ".devlink"))
		import_devlink_file(im, at, text);
	else if (strstr(text, "[Service]"))
		import_unit(im, at, text);
	else
		import_script(im, at, text, import_devlink);
}

/* --- as a config ----------------------------------------------------------------------- */

/* In this order; with a parent they lie in it. */
static const struct {
	const char *name, *parent;
} sections[] = {
	{"resources", NULL},	     {"params", NULL},	    {"eswitch", NULL},
	{"pools", "shared_buffers"}, {"linecards", NULL},   {"health_reporters", NULL},
	{"trap_policers", NULL},     {"trap_groups", NULL}, {"traps", NULL},
};

/** import_parent() - the section that @section lies in, or NULL. */
const char *import_parent(const char *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (is(sections[i].name, section))
			return sections[i].parent;
	return NULL;
}

/* Would carved's YAML take it for what it is? */
static bool is_plain(const char *text)
{
	static const char *const surprises[] = {"on", "off",  "yes", "no", "y",
						"n",  "null", "~",   "On", "Off"};

	for (size_t i = 0; i < ARRAY_SIZE(surprises); i++)
		if (is(text, surprises[i]))
			return false;
	if (text[0] == '0' && text[1])
		return false;
	return *text &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._/-")] == '\0' &&
	       *text != '-';
}

static void add_text(const char *text, struct buf *out)
{
	char *end;
	unsigned long long n;

	if (strncmp(text, "0x", 2) == 0) { /* devlink takes it, carved writes decimals */
		n = strtoull(text, &end, 16);
		if (!*end) {
			buf_add(out, "%llu", n);
			return;
		}
	}
	if (is_plain(text)) {
		buf_add(out, "%s", text);
		return;
	}
	buf_add(out, "\"");
	for (; *text; text++)
		buf_add(out, "%s%c", strchr("\"\\", *text) ? "\\" : "", *text);
	buf_add(out, "\"");
}

static bool is_first(const struct imported *im, const struct setting *s, bool by_object)
{
	for (const struct setting *t = im->settings.v; t < s; t++)
		if (is(t->device, s->device) && is(t->section, s->section) &&
		    (!by_object || is(t->object, s->object)))
			return false;
	return true;
}

/* An object with all that is set of it, in one line. */
static void render_object(const struct imported *im, const struct setting *first, unsigned indent,
			  struct buf *out)
{
	bool section = !*first->object, map = *first->attr;
	size_t n = 0;

	buf_add(out, "%*s", (int)indent, "");
	if (!section) {
		add_text(first->object, out);
		buf_add(out, ": ");
	}
	buf_add(out, "%s", map ? "{" : "");
	vec_each(s, &im->settings) {
		if (!is(s->device, first->device) || !is(s->section, first->section) ||
		    !is(s->object, first->object) || (*s->attr != '\0') != map)
			continue;
		buf_add(out, "%s%s%s", n++ ? ", " : "", s->attr, map ? ": " : "");
		add_text(s->value, out);
	}
	buf_add(out, "%s\n", map ? "}" : "");
}

static void render_section(const struct imported *im, const struct setting *first,
			   const char *parent, struct buf *out)
{
	unsigned indent = parent ? 6 : 4;

	if (parent)
		buf_add(out, "    %s:\n", parent);
	buf_add(out, "%*s%s:%s", (int)indent, "", first->section, *first->object ? "\n" : " ");
	vec_each(s, &im->settings)
		if (is(s->device, first->device) && is(s->section, first->section) &&
		    is_first(im, s, true))
			render_object(im, s, *s->object ? indent + 2 : 0, out);
}

static void render_device(const struct imported *im, const char *device, struct buf *out)
{
	buf_add(out, "  %s:\n", device);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		vec_each(s, &im->settings)
			if (is(s->device, device) && is(s->section, sections[i].name) &&
			    is_first(im, s, false))
				render_section(im, s, sections[i].parent, out);
}

static bool is_first_device(const struct imported *im, const struct setting *s)
{
	for (const struct setting *t = im->settings.v; t < s; t++)
		if (is(t->device, s->device))
			return false;
	return true;
}

/** import_render() - append the config; what it cannot say is a comment at its end. */
void import_render(const struct imported *im, struct buf *out)
{
	buf_add(out, "version: 1\n%s", im->settings.n ? "devices:\n" : "");
	vec_each(s, &im->settings)
		if (is_first_device(im, s))
			render_device(im, s->device, out);
	if (im->unsaid.n)
		buf_add(out, "\n# Not translated:\n");
	vec_each(u, &im->unsaid) {
		_cleanup_free_ char *text = text_clean_line(u->text);

		buf_add(out, "# %s:%u: %s\n#     %s\n", u->file, u->line, text, u->why);
	}
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
		buf_add(ret, "%.*s", (int)strnlen(block, n), block);
		if (ret->n > FILE_MAX)
			r = -EFBIG;
	}
	if (f && r == 0 && ferror(f))
		r = errno ? -errno : -EIO;
	if (f && f != stdin)
		fclose(f);
	if (r < 0)
		client_say("cannot read %s: %s", name, strerror(-r));
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
