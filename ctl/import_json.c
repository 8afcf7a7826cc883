// SPDX-License-Identifier: GPL-2.0-or-later
/* What files of others do, as JSON: a config that carved takes, too, and what it cannot say. */
#include "import.h"
#include "model/json.h"

#include <jansson.h>
#include <stdlib.h>

/* The member of @o, which is made if it is not there. */
static json_t *within(json_t *o, const char *key)
{
	json_t *found = json_object_get(o, key);

	if (!found) {
		found = json_object();
		json_object_set_new(o, key, found);
	}
	return found;
}

static json_t *value_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t n;

	if (import_hex(text, &n))
		return json_number(n);
	if (digits && !text[digits] && (text[0] != '0' || digits == 1) &&
	    text_number(text, digits, &n) == 0)
		return json_number(n);
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_boolean(*text == 't');
	return json_string(text);
}

static void add_setting(json_t *devices, const struct setting *s)
{
	const char *parent = import_parent(s->section);
	json_t *o = within(devices, s->device);

	if (parent)
		o = within(o, parent);
	if (!*s->object && !*s->attr) {
		json_object_set_new(o, s->section, value_of(s->value));
		return;
	}
	o = within(o, s->section);
	if (*s->object && *s->attr)
		o = within(o, s->object);
	json_object_set_new(o, *s->attr ? s->attr : s->object, value_of(s->value));
}

static json_t *unsaid_of(const struct imported *im)
{
	json_t *all = json_array();

	vec_each(u, &im->unsaid)
		json_array_append_new(all, json_pack("{ss,si,ss,ss}", "file", u->file, "line",
						     (int)u->line, "text", u->text, "why", u->why));
	return all;
}

/** import_render_json() - append it as one document: `config` and `unsaid`. */
void import_render_json(const struct imported *im, struct buf *out)
{
	json_t *config = json_pack("{si}", "version", 1), *document;
	char *text;

	vec_each(s, &im->settings)
		add_setting(within(config, "devices"), s);
	document = json_pack("{so,so}", "config", config, "unsaid", unsaid_of(im));
	text = json_dumps(document, JSON_INDENT(2));
	buf_add(out, "%s\n", text);
	free(text);
	json_decref(document);
}
