// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides which keys a file, an entry and a preset have, and of which type their values are. Tables
 * say it; a key that is in no table is unknown, one that stands in the wrong kind of file is
 * refused by name. Refuses to know what the objects of a device are called (objects.c asks the
 * classes).
 */
#include "yaml/schema.h"
#include "base/clock.h"
#include "model/config.h"
#include "yaml/objects.h"

#include <errno.h>
#include <string.h>

static const struct enum_name reloads[] = {
	{"auto", RELOAD_AUTO}, {"boot", RELOAD_BOOT}, {"manual", RELOAD_MANUAL}};
static const struct enum_name drifts[] = {{"enforce", DRIFT_ENFORCE}, {"report", DRIFT_REPORT}};
static const struct enum_name removals[] = {{"restore", REMOVAL_RESTORE}, {"keep", REMOVAL_KEEP}};

const struct enum_names reload_names = {reloads, ARRAY_SIZE(reloads), .closed = true};
const struct enum_names drift_names = {drifts, ARRAY_SIZE(drifts), .closed = true};
const struct enum_names removal_names = {removals, ARRAY_SIZE(removals), .closed = true};

static void check_version(struct schema *s, struct pair *p)
{
	if (strcmp(p->value->text, "1") != 0)
		place_error(s->diags, p->value->at, "version \"%s\" is not known; write version: 1",
			    p->value->text);
}

static void check_duration(struct schema *s, struct pair *p)
{
	const char *text = p->value->text;
	uint64_t usec;
	int r = clock_parse_duration(text, &usec);

	if (r == -ERANGE)
		place_error(s->diags, p->value->at, "%s: \"%s\" is too long", p->key, text);
	else if (r < 0)
		place_error(s->diags, p->value->at,
			    "%s: \"%s\" is not a duration like 500ms, 30s, 5m or 1h", p->key, text);
}

static void check_count(struct schema *s, struct pair *p)
{
	const char *text = p->value->text;
	size_t n = strspn(text, "0123456789");

	if (text[n] || !n || n > 4 || (text[0] == '0' && n > 1))
		place_error(s->diags, p->value->at, "%s: \"%s\" is not a number from 0 to 9999",
			    p->key, text);
}

static const struct key_rule settings_rules[] = {
	{"audit_interval", NODE_SCALAR, check_duration, FILE_MAIN | FILE_DROPIN},
	{"settle_timeout", NODE_SCALAR, check_duration, FILE_MAIN | FILE_DROPIN},
	{"parallel_reloads", NODE_SCALAR, check_count, FILE_MAIN | FILE_DROPIN},
};
static const struct key_set settings_keys = {"settings", settings_rules, ARRAY_SIZE(settings_rules),
					     NULL,	 NULL,		 NULL};

static void check_settings(struct schema *s, struct pair *p)
{
	rules_check(s, p->value, &settings_keys, FILE_MAIN);
}

static const char *nearest_preset(const struct schema *s, const char *name)
{
	const char **names = mem_alloc(s->presets->n * sizeof(*names)), *nearest;
	size_t n = 0;

	vec_each(f, s->presets)
		if (!f->masked)
			names[n++] = f->name;
	nearest = text_nearest(name, names, n);
	free(names);
	return nearest;
}

static void no_such_preset(struct schema *s, const struct node *item)
{
	const char *nearest = NULL;

	if (s->diags->diags.n < DIAG_MAX)
		nearest = nearest_preset(s, item->text);
	if (nearest)
		place_error(s->diags, item->at, "no preset \"%s\"; did you mean \"%s\"?",
			    item->text, nearest);
	else
		place_error(s->diags, item->at,
			    "no preset \"%s\" in carved/presets of /usr/share, /run or /etc",
			    item->text);
}

static void check_preset_name(struct schema *s, struct node *item)
{
	struct found *f;

	if (item->type == NODE_BAD)
		return;
	if (item->type != NODE_SCALAR) {
		place_error(s->diags, item->at, "each preset must be a name");
		item->type = NODE_BAD;
		return;
	}
	f = files_get(s->presets, item->text);
	if (f && !f->masked) {
		f->wanted = true;
		return;
	}
	if (f)
		place_error(s->diags, item->at, "preset \"%s\" is masked by %s", item->text,
			    f->path);
	else
		no_such_preset(s, item);
	item->type = NODE_BAD;
}

static int by_text(const void *pa, const void *pb)
{
	const struct node *const *a = pa, *const *b = pb;
	int c = strcmp((*a)->text, (*b)->text);

	return c ? c
		 : CMP((*a)->at.line, (*b)->at.line) * 2 + CMP((*a)->at.column, (*b)->at.column);
}

/* A preset named twice would be laid over itself. */
static void refuse_repeated(struct schema *s, const struct node *list)
{
	struct node **sorted = mem_alloc(list->n * sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->type == NODE_SCALAR)
			sorted[n++] = list->items[i];
	qsort(sorted, n, sizeof(*sorted), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
			place_error(s->diags, sorted[i]->at,
				    "preset \"%s\" is in this list already", sorted[i]->text);
	free(sorted);
}

static void check_presets(struct schema *s, struct pair *p)
{
	for (size_t i = 0; i < p->value->n; i++)
		check_preset_name(s, p->value->items[i]);
	refuse_repeated(s, p->value);
}

static void check_match(struct schema *s, struct pair *p)
{
	for (size_t i = 0; i < p->value->n; i++) {
		struct pair *rule = &p->value->pairs[i];

		if (!rules_expect(s, rule, NODE_SCALAR))
			continue;
		rules_text(s, rule);
		if (rule->value->text[0] == '\0')
			place_error(s->diags, rule->value->at,
				    "an empty pattern matches no device");
	}
}

static void check_names(struct schema *s, struct pair *p, const struct enum_names *names)
{
	_cleanup_free_ char *why = NULL;
	struct value v;

	if (value_parse(p->value->text, VALUE_U8, names, &v, &why) < 0)
		place_error(s->diags, p->value->at, "%s: %s", p->key, why);
}

static void check_reload(struct schema *s, struct pair *p)
{
	check_names(s, p, &reload_names);
}

static void check_drift(struct schema *s, struct pair *p)
{
	check_names(s, p, &drift_names);
}

static void check_removal(struct schema *s, struct pair *p)
{
	check_names(s, p, &removal_names);
}

static const struct key_rule section_rule = {NULL, NODE_MAP, objects_check, ~0U};

static const struct key_set buffer_keys = {"shared_buffers", NULL, 0, &section_rule,
					   "shared_buffers", NULL};

static void check_buffers(struct schema *s, struct pair *p)
{
	rules_check(s, p->value, &buffer_keys, FILE_MAIN);
}

static const struct key_rule entry_rules[] = {
	{"match", NODE_MAP, check_match, FILE_MAIN | FILE_DROPIN},
	{"presets", NODE_LIST, check_presets, FILE_MAIN | FILE_DROPIN},
	{"reload", NODE_SCALAR, check_reload, FILE_MAIN | FILE_DROPIN},
	{"drift", NODE_SCALAR, check_drift, FILE_MAIN | FILE_DROPIN},
	{"on_removal", NODE_SCALAR, check_removal, FILE_MAIN | FILE_DROPIN},
	{"firmware", NODE_MAP, firmware_check, FILE_MAIN | FILE_DROPIN},
	{"shared_buffers", NODE_MAP, check_buffers, FILE_MAIN | FILE_DROPIN},
};

static const struct key_set entry_keys = {"a device entry", entry_rules, ARRAY_SIZE(entry_rules),
					  &section_rule,    NULL,	 NULL};

/**
 * schema_entry_name() - names go to metrics, journal, completions, and into commands to copy.
 *
 * Return: how many bytes of @name may be in that of an entry.
 */
size_t schema_entry_name(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789._:/@-");
}

static void check_entry_name(struct schema *s, const struct pair *p)
{
	size_t n = schema_entry_name(p->key);

	if (p->key[n])
		place_error(s->diags, p->at,
			    "the name of device entry \"%s\" may have letters A to Z, digits and "
			    "._:/@- only",
			    p->key);
	else if (n > SCHEMA_NAME_MAX)
		place_error(s->diags, p->at,
			    "the name of device entry \"%s\" is longer than %d bytes", p->key,
			    SCHEMA_NAME_MAX);
}

static void check_devices(struct schema *s, struct pair *p)
{
	for (size_t i = 0; i < p->value->n; i++) {
		struct pair *entry = &p->value->pairs[i];

		check_entry_name(s, entry);
		if (rules_expect(s, entry, NODE_MAP))
			rules_check(s, entry->value, &entry_keys, FILE_MAIN);
	}
}

static const struct key_rule config_rules[] = {
	{"version", NODE_SCALAR, check_version, FILE_MAIN | FILE_DROPIN},
	{"settings", NODE_MAP, check_settings, FILE_MAIN | FILE_DROPIN},
	{"presets", NODE_LIST, check_presets, FILE_MAIN | FILE_DROPIN},
	{"devices", NODE_MAP, check_devices, FILE_MAIN | FILE_DROPIN},
};
static const struct key_set config_keys = {"this file", config_rules, ARRAY_SIZE(config_rules),
					   NULL,	NULL,	      &entry_keys};

/* The rows without a kind of file are there to be refused by name. */
static const struct key_rule preset_rules[] = {
	{"version", NODE_SCALAR, check_version, FILE_PRESET},
	{"match", NODE_MAP, check_match, FILE_PRESET},
	{"firmware", NODE_MAP, firmware_check, FILE_PRESET},
	{"shared_buffers", NODE_MAP, check_buffers, FILE_PRESET},
	{"settings", NODE_MAP, NULL, 0},
	{"presets", NODE_LIST, NULL, 0},
	{"devices", NODE_MAP, NULL, 0},
	{"reload", NODE_SCALAR, NULL, 0},
	{"drift", NODE_SCALAR, NULL, 0},
	{"on_removal", NODE_SCALAR, NULL, 0},
};
static const struct key_set preset_keys = {"a preset",	  preset_rules, ARRAY_SIZE(preset_rules),
					   &section_rule, NULL,		NULL};

/* Presets without a match are for all devices, so an empty one is no small matter. */
static void check_preset_match(struct schema *s, const struct node *root)
{
	const struct pair *p = node_find(root, "match");

	if (p && p->value->type != NODE_BAD && node_says_nothing(p->value))
		place_error(s->diags, p->at,
			    "\"match\" is empty; leave it out if the preset is for all devices");
}

/** schema_check() - report all that is wrong in one file. */
void schema_check(struct schema *s, struct node *root, enum file_kind kind)
{
	const struct node *version;

	if (root->type == NODE_EMPTY || root->type == NODE_BAD)
		return;
	if (root->type != NODE_MAP) {
		place_error(s->diags, root->at, "the file must be a map (KEY: VALUE), not %s",
			    rules_type_name(root->type));
		root->type = NODE_BAD;
		return;
	}
	rules_check(s, root, kind == FILE_PRESET ? &preset_keys : &config_keys, kind);
	if (kind == FILE_PRESET)
		check_preset_match(s, root);
	version = node_get(root, "version");
	if (kind == FILE_MAIN && root->n && (!version || version->type == NODE_NULL))
		place_error(s->diags, root->at, "\"version: 1\" is missing");
}
