// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the config from the merged tree, and decides what only the whole can tell: an entry
 * without a match, a firmware without a version. Everything it meets was checked by the schema;
 * nodes that were bad are passed over, since their config will never be used. Everything that stays
 * is copied into the config's arena. Refuses to know values: wishes are text until they are bound
 * to a device.
 */
#include "yaml/entry.h"
#include "base/clock.h"
#include "model/handle.h"
#include "yaml/schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *keep(struct build *b, const char *text)
{
	return arena_strdup(&b->config->arena, text);
}

/* The value as a wish keeps it: NULL for null. */
static const char *keep_value(struct build *b, const struct node *v)
{
	return v->type == NODE_SCALAR ? keep(b, v->text) : NULL;
}

static void build_settings(struct build *b, const struct node *settings)
{
	const struct node *audit = node_get(settings, "audit_interval");
	const struct node *settle = node_get(settings, "settle_timeout");
	const struct node *parallel = node_get(settings, "parallel_reloads");

	if (audit && audit->type == NODE_SCALAR)
		clock_parse_duration(audit->text, &b->config->audit_interval);
	if (settle && settle->type == NODE_SCALAR)
		clock_parse_duration(settle->text, &b->config->settle_timeout);
	if (parallel && parallel->type == NODE_SCALAR)
		b->config->parallel_reloads = (unsigned)strtoul(parallel->text, NULL, 10);
}

static uint8_t number_of(const struct node *entry, const char *key, const struct enum_names *names)
{
	const struct node *v = node_get(entry, key);
	uint64_t n = 0;

	if (v && v->type == NODE_SCALAR)
		enum_number(names, v->text, &n);
	return (uint8_t)n;
}

/* The object that wishes are made for; name NULL: the whole class. */
struct subject {
	struct layer *layer;
	const struct class *class;
	const char *name;
	struct place at;
	int order;
};

static void add_wish(struct build *b, const struct subject *s, const char *attr,
		     const struct node *v)
{
	vec_push(&s->layer->wishes, ((struct wish){.class = s->class,
						   .order = s->order,
						   .object = s->name,
						   .attr = attr,
						   .text = keep_value(b, v),
						   .source = source_kept_line(v->at),
						   .object_source = source_kept_line(s->at),
						   .mark = place_mark(v->at),
						   .object_mark = place_mark(s->at)}));
}

/* What the class's tables call @attr: they outlive the config. */
static const char *attr_name(const struct class *class, const char *attr)
{
	uint64_t cmode;

	if (class->form == FORM_BY_CMODE && enum_number(&cmode_names, attr, &cmode))
		return enum_name(&cmode_names, cmode);
	for (size_t i = 0; class->form != FORM_BY_CMODE && i < class->n_fields; i++)
		if (strcmp(class->fields[i].name, attr) == 0)
			return class->fields[i].name;
	return NULL;
}

static void add_object(struct build *b, const struct subject *s, const struct node *v)
{
	if (v->cleared && (v->type == NODE_MAP || s->class->form == FORM_BY_CMODE))
		add_wish(b, s, NULL, v->cleared);
	if (v->type == NODE_SCALAR || v->type == NODE_NULL)
		add_wish(b, s, NULL, v);
	for (size_t i = 0; v->type == NODE_MAP && i < v->n; i++) {
		const struct pair *p = &v->pairs[i];

		if (p->value->type == NODE_SCALAR || p->value->type == NODE_NULL)
			add_wish(b, s, attr_name(s->class, p->key), p->value);
	}
}

static void add_section(struct build *b, struct layer *layer, const struct class *class,
			const struct pair *section)
{
	const struct node *v = section->value;
	struct subject whole = {layer, class, NULL, section->at, 0};
	size_t last = 0;

	if (class->form == FORM_SECTION) {
		whole.name = class->section;
		whole.order = b->order++;
		add_object(b, &whole, v);
		return;
	}
	if (v->type == NODE_NULL)
		add_wish(b, &whole, NULL, v);
	if (v->cleared)
		add_wish(b, &whole, NULL, v->cleared);
	for (size_t i = 0; v->type == NODE_MAP && i < v->n; i++) {
		const struct pair *p = &v->pairs[i];
		struct subject s = {layer, class, keep(b, p->key), p->at, b->order + (int)p->order};

		if (p->value->type != NODE_EMPTY && p->value->type != NODE_BAD)
			add_object(b, &s, p->value);
		last = MAX(last, p->order);
	}
	b->order += (int)last + 1;
}

static void add_firmware_value(struct build *b, struct firmware_wish *fw, enum firmware_key key,
			       const struct node *v)
{
	char *text = NULL;

	if (v->type != NODE_NULL) /* what was bad is not missing */
		text = arena_strdup(&b->config->arena, v->text ? v->text : "");
	for (char *p = text; p && *p && key == FIRMWARE_SHA256; p++)
		*p = (char)tolower(*p);
	fw->v[key].text = text;
	fw->v[key].source = source_kept_line(v->at);
	fw->v[key].mark = place_mark(v->at);
}

static void add_firmware(struct build *b, struct layer *layer, const struct pair *p)
{
	struct firmware_wish *fw;

	if (p->value->type == NODE_EMPTY || p->value->type == NODE_BAD)
		return;
	fw = arena_alloc(&b->config->arena, sizeof(*fw));
	layer->firmware = fw;
	fw->mark = place_mark(p->at);
	fw->source = source_kept_line(p->at);
	fw->cleared = p->value->type == NODE_NULL || p->value->cleared;
	for (enum firmware_key key = 0; key < FIRMWARE_KEYS; key++) {
		const struct node *v = node_get(p->value, firmware_key_names[key]);

		if (v)
			add_firmware_value(b, fw, key, v);
	}
}

static void add_matches(struct build *b, const struct node *from, struct match_list *to)
{
	for (size_t i = 0; from && from->type == NODE_MAP && i < from->n; i++) {
		const struct pair *p = &from->pairs[i];

		if (p->value->type == NODE_SCALAR)
			vec_push(to, ((struct match){keep(b, p->key), keep(b, p->value->text),
						     place_mark(p->value->at)}));
	}
}

/* A class's section; or what takes away the one that it is a part of. */
static void add_class(struct build *b, struct layer *layer, const struct class *class,
		      const struct node *from)
{
	const struct pair *outer = class->within ? node_find(from, class->within) : NULL;
	const struct pair *p = node_find(outer ? outer->value : from, class->section);

	if (class->within && !outer)
		return;
	if (outer && outer->value->type == NODE_NULL)
		p = outer;
	else if (outer && outer->value->cleared)
		add_wish(b, &(struct subject){layer, class, NULL, outer->at, 0}, NULL,
			 outer->value->cleared);
	if (p)
		add_section(b, layer, class, p);
}

/* What a preset and an entry have in common. */
static void add_layer(struct build *b, struct entry *e, const char *preset, const struct node *from)
{
	struct layer *layer = vec_add(&e->layers);
	const struct pair *p;

	layer->preset = preset;
	if (preset)
		add_matches(b, node_get(from, "match"), &layer->matches);
	p = node_find(from, "firmware");
	if (p)
		add_firmware(b, layer, p);
	for (size_t i = 0; i < n_classes; i++)
		add_class(b, layer, classes[i], from);
	vec_fit(&layer->wishes);
}

static void add_presets(struct build *b, struct entry *e, const struct node *list)
{
	for (size_t i = 0; list && list->type == NODE_LIST && i < list->n; i++) {
		const struct node *item = list->items[i];
		const struct found *f;

		if (item->type != NODE_SCALAR)
			continue;
		f = files_get(b->presets, item->text);
		if (f && f->root)
			add_layer(b, e, keep(b, f->name), f->root);
	}
}

/* Its name is a handle, and no pattern of handles, which would look like one. */
static bool is_handle(const char *name)
{
	return handle_valid(name) && !strpbrk(name, "*?[\\");
}

/* An entry that can do without a match, or has one. */
static bool has_match(const struct pair *p)
{
	const struct node *match = node_get(p->value, "match");

	return (match && match->type != NODE_NULL) || is_handle(p->key);
}

/* The entry that one without a match probably meant to add to. */
static const char *nearest_entry(const char *name, const struct node *devices)
{
	const char **names = mem_alloc(devices->n * sizeof(*names)), *nearest;
	size_t n = 0;

	for (size_t i = 0; i < devices->n; i++)
		if (has_match(&devices->pairs[i]))
			names[n++] = devices->pairs[i].key;
	nearest = text_nearest(name, names, n);
	free(names);
	return nearest;
}

/* The handle of which @name is the address alone, as lspci has it; to be freed, or NULL. */
static char *missing_bus(const char *name)
{
	static const char address[] = "xxxx:xx:xx.x";
	size_t n = 0;

	while (name[n] &&
	       (address[n] == 'x' ? isxdigit((unsigned char)name[n]) != 0 : name[n] == address[n]))
		n++;
	return n == strlen(address) && !name[n] ? mem_printf("pci/%s", name) : NULL;
}

static void no_match(struct build *b, const struct pair *p, const struct node *devices)
{
	_cleanup_free_ char *handle = missing_bus(p->key);
	const char *nearest = handle;

	if (!nearest && b->diags->diags.n < DIAG_MAX)
		nearest = nearest_entry(p->key, devices);
	if (nearest)
		place_error(b->diags, p->at,
			    "device entry \"%s\" has no match; did you mean \"%s\"?", p->key,
			    nearest);
	else
		place_error(b->diags, p->at,
			    "device entry \"%s\" has no match; write match: {driver: ...} or "
			    "{handle: ...}",
			    p->key);
}

static void build_match(struct build *b, struct entry *e, const struct pair *p,
			const struct node *devices)
{
	const struct node *match = node_get(p->value, "match");

	if (!has_match(p)) {
		if (!b->incomplete)
			no_match(b, p, devices);
	} else if (match && match->type != NODE_NULL) {
		add_matches(b, match, &e->matches);
		if (match->type == NODE_MAP && node_says_nothing(match) && !b->incomplete)
			place_error(
				b->diags, match->at,
				"match of device entry \"%s\" is empty; it would take every device",
				p->key);
	} else {
		vec_push(&e->matches, ((struct match){"handle", e->name, e->mark}));
	}
}

/* A layer may leave the version to another one, so it can only be missed in all of them. */
static void check_firmware(struct build *b, const struct entry *e, const struct pair *p)
{
	struct firmware_wish fw = {};
	const struct pair *own = node_find(p->value, "firmware");

	vec_each(l, &e->layers)
		firmware_merge(&fw, l->firmware);
	if (fw.mark.file && !fw.v[FIRMWARE_VERSION].text && !b->incomplete)
		place_error(b->diags, own ? own->at : p->at,
			    "firmware of device entry \"%s\" has no version", p->key);
}

static size_t parent_length(const struct wish *w)
{
	const char *slash = strrchr(w->object, '/');

	return slash ? (size_t)(slash - w->object) : 0;
}

static bool is_rest(const struct wish *w)
{
	return w->class == &class_resource && w->object && w->text && strcmp(w->text, "rest") == 0;
}

static bool is_rest_beside(const struct wish *a, const struct wish *b)
{
	size_t n;

	if (!is_rest(a) || !is_rest(b))
		return false;
	n = parent_length(a);
	return n && n == parent_length(b) && memcmp(a->object, b->object, n) == 0;
}

/* That no device can have: it need not be there to be told. */
static void check_rests(struct build *b, const struct layer *l)
{
	vec_each(w, &l->wishes) {
		for (const struct wish *before = l->wishes.v; before < w; before++) {
			if (!is_rest_beside(before, w))
				continue;
			diag_add(b->diags, DIAG_ERROR, w->mark, w->source, NULL,
				 "%s already takes the rest: only one child of a parent can",
				 before->object);
			break;
		}
	}
}

static void build_entry(struct build *b, const struct pair *p, const struct node *root)
{
	struct entry *e = vec_add(&b->config->entries);

	e->name = keep(b, p->key);
	e->source = source_kept_line(p->at);
	e->mark = place_mark(p->at);
	e->reload = number_of(p->value, "reload", &reload_names);
	e->drift = number_of(p->value, "drift", &drift_names);
	e->on_removal = number_of(p->value, "on_removal", &removal_names);
	build_match(b, e, p, node_get(root, "devices"));
	add_presets(b, e, node_get(root, "presets"));
	add_presets(b, e, node_get(p->value, "presets"));
	add_layer(b, e, NULL, p->value);
	check_rests(b, &e->layers.v[e->layers.n - 1]);
	check_firmware(b, e, p);
}

/** build_config() - fill the config from @root, and report what is missing in it. */
void build_config(struct build *b, const struct node *root)
{
	const struct node *devices = node_get(root, "devices");

	build_settings(b, node_get(root, "settings"));
	for (size_t i = 0; devices && devices->type == NODE_MAP && i < devices->n; i++) {
		const struct pair *p = &devices->pairs[i];

		if (p->value->type == NODE_MAP || p->value->type == NODE_EMPTY)
			build_entry(b, p, root);
	}
}
