// SPDX-License-Identifier: GPL-2.0-or-later
/* What files of others do, as a config in YAML, and what that cannot say. */
#include "import.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* In this order; with a parent they lie in it. */
static const struct {
	const char *name, *parent;
} sections[] = {
	{"resources", NULL},
	{"params", NULL},
	{"linecards", NULL},
	{"eswitch", NULL},
	{"pools", "shared_buffers"},
	{"health_reporters", NULL},
	{"trap_policers", NULL},
	{"trap_groups", NULL},
	{"traps", NULL},
};

/** import_parent() - the section that @section lies in, or NULL. */
const char *import_parent(const char *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (text_equal(sections[i].name, section))
			return sections[i].parent;
	return NULL;
}

/* Would carved's YAML take it for what it is? */
static bool is_plain(const char *text)
{
	static const char *const surprises[] = {"on", "off",  "yes", "no", "y",
						"n",  "null", "~",   "On", "Off"};

	for (size_t i = 0; i < ARRAY_SIZE(surprises); i++)
		if (text_equal(text, surprises[i]))
			return false;
	if (text[0] == '0' && text[1])
		return false;
	return *text &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._/-")] == '\0' &&
	       *text != '-';
}

/** import_hex() - is @text a number in hexadecimal that a u64 can hold? */
bool import_hex(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] != '0' || tolower((unsigned char)text[1]) != 'x' ||
	    !isxdigit((unsigned char)text[2]))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 16);
	return !*end && !errno;
}

static void add_text(const char *text, struct buf *out)
{
	uint64_t n;

	if (import_hex(text, &n)) { /* devlink takes it, carved writes decimals */
		buf_add(out, "%" PRIu64, n);
		return;
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
		if (text_equal(t->device, s->device) && text_equal(t->section, s->section) &&
		    (!by_object || text_equal(t->object, s->object)))
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
		if (!text_equal(s->device, first->device) ||
		    !text_equal(s->section, first->section) ||
		    !text_equal(s->object, first->object) || (*s->attr != '\0') != map)
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
		if (text_equal(s->device, first->device) &&
		    text_equal(s->section, first->section) && is_first(im, s, true))
			render_object(im, s, *s->object ? indent + 2 : 0, out);
}

static void render_device(const struct imported *im, const char *device, struct buf *out)
{
	buf_add(out, "  %s:\n", device);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		vec_each(s, &im->settings)
			if (text_equal(s->device, device) &&
			    text_equal(s->section, sections[i].name) && is_first(im, s, false))
				render_section(im, s, sections[i].parent, out);
}

static bool is_first_device(const struct imported *im, const struct setting *s)
{
	for (const struct setting *t = im->settings.v; t < s; t++)
		if (text_equal(t->device, s->device))
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
