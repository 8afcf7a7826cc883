// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl resources: sizes as bars, each where it lies in its parent. Decides how much of a line
 * is a bar; children of one parent lie side by side in the order of their names.
 */
#include "picture.h"
#include "client.h"
#include "ctl.h"
#include "fetch.h"
#include "model/json.h"
#include "model/value.h"
#include "output.h"
#include "table.h"

#include <inttypes.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define BAR_MIN	      16

static unsigned depth_of(const struct object *o)
{
	unsigned n = 0;

	for (const char *p = o->name; *p; p++)
		n += *p == '/';
	return n;
}

static bool is_child(const struct object *o, const struct object *parent)
{
	size_t n = strlen(parent->name);

	return strncmp(o->name, parent->name, n) == 0 && o->name[n] == '/' &&
	       !strchr(o->name + n + 1, '/');
}

static const struct object *parent_of(const struct world *w, const struct object *o)
{
	vec_each(p, &w->have.objects)
		if (p->class == &class_resource && is_child(o, p))
			return p;
	return NULL;
}

static uint64_t size_of(const struct object *o)
{
	return object_num(o, RESOURCE_SIZE, 0);
}

/* A stretch of the bar, in cells. */
struct stretch {
	double from, to;
};

/* Where @o lies: a root is as long as the bar. */
static struct stretch place(const struct world *w, const struct object *o, double cells)
{
	const struct object *parent = parent_of(w, o);
	struct stretch in = {0, cells};
	uint64_t before = 0;
	double scale;

	if (!parent)
		return in;
	in = place(w, parent, cells);
	if (!size_of(parent) || size_of(parent) == VALUE_UNLIMITED)
		return in;
	scale = (in.to - in.from) / (double)size_of(parent);
	vec_each(s, &w->have.objects)
		if (s->class == &class_resource && is_child(s, parent) &&
		    strcmp(s->name, o->name) < 0)
			before += size_of(s);
	in.from += (double)before * scale;
	in.to = in.from + (double)size_of(o) * scale;
	return in;
}

static double used_part(const struct object *o)
{
	uint64_t size = size_of(o);

	if (!size || size == VALUE_UNLIMITED || !object_has(o, RESOURCE_OCC))
		return 0;
	return (double)MIN(o->v[RESOURCE_OCC].num, size) / (double)size;
}

static void draw_bar(const struct world *w, const struct object *o, unsigned cells,
		     const struct style *style, struct buf *out)
{
	struct stretch s = place(w, o, cells);
	double used = s.from + (s.to - s.from) * used_part(o);
	bool begun = false;

	for (unsigned i = 0; i < cells; i++) {
		double middle = i + 0.5;
		bool in = middle >= s.from && middle < s.to;
		/* what is there at all is seen */
		bool thin = s.to - s.from < 1 && i == (unsigned)s.from;
		bool taken = in && (middle < used || (used > s.from && !begun));

		begun |= in;
		if (taken)
			buf_add(out, "%s", style->utf8 ? "█" : "#");
		else if (in || thin)
			buf_add(out, "%s", style->utf8 ? "▒" : "=");
		else
			buf_add(out, "%s", style->utf8 ? "·" : ".");
	}
}

/* How wide the columns are. The range is 0 where a bar has no room beside it: it is shown below. */
struct columns {
	unsigned name, size, used, range, bar;
};

/* Which sizes it can have; "" for no other. To be freed. */
static char *range_text(const struct object *o)
{
	uint64_t min = object_num(o, RESOURCE_MIN, 0), max = object_num(o, RESOURCE_MAX, 0);
	_cleanup_free_ char *text = size_text(max);

	if (!object_has(o, RESOURCE_MAX) || min == max)
		return mem_strdup("");
	return mem_printf("%" PRIu64 "-%s/%" PRIu64, min, text, object_num(o, RESOURCE_GRAN, 1));
}

static char *used_text(const struct object *o)
{
	return object_has(o, RESOURCE_OCC) ? mem_printf("%" PRIu64, o->v[RESOURCE_OCC].num)
					   : mem_strdup("-");
}

typedef VEC(const struct object *) object_refs;

/* Those of the device, then those of its ports. */
static object_refs resources_in(const struct world *w)
{
	object_refs found = {};

	vec_each(o, &w->have.objects)
		if (o->class == &class_resource)
			vec_push(&found, o);
	vec_each(o, &w->catalogue.objects)
		if (resource_is_of_port(o))
			vec_push(&found, o);
	return found;
}

/* How wide its name is, with what it is set in by: that of a port is shown as a whole. */
static unsigned label_of(const struct object *o, unsigned *ret_indent, const char **ret)
{
	bool whole = resource_is_of_port(o);
	unsigned indent = whole ? 0 : 2 * depth_of(o) - 2;

	*ret_indent = indent;
	*ret = indent ? strrchr(o->name, '/') + 1 : o->name;
	return indent + (unsigned)strlen(*ret);
}

static struct columns measure(const object_refs *shown, const struct style *style)
{
	struct columns c = {.name = 8, .size = 4, .used = 6, .range = 13};
	unsigned width = style->width ? style->width : WIDTH_DEFAULT, rest;

	vec_each(p, shown) {
		const struct object *o = *p;
		_cleanup_free_ char *size = size_text(size_of(o)), *used = used_text(o);
		_cleanup_free_ char *range = range_text(o);
		const char *label;
		unsigned indent;

		c.name = MAX(c.name, label_of(o, &indent, &label));
		c.size = MAX(c.size, (unsigned)strlen(size));
		c.used = MAX(c.used, (unsigned)strlen(used));
		c.range = MAX(c.range, (unsigned)strlen(range));
	}
	rest = c.name + c.size + c.used + 3;
	if (width < rest + c.range + 1 + BAR_MIN)
		c.range = 0;
	else
		rest += c.range + 1;
	c.bar = width > rest + BAR_MIN ? width - rest : BAR_MIN;
	return c;
}

static void draw_titles(const struct columns *c, const struct style *style, struct buf *out)
{
	buf_add(out, "%s%-*s %*s %*s", colour_begin(COLOUR_STRONG, style), (int)c->name, "RESOURCE",
		(int)c->size, "SIZE", (int)c->used, "IN USE");
	if (c->range)
		buf_add(out, " %-*s", (int)c->range, "FROM-TO/STEP");
	buf_add(out, " IN THE PARENT%s\n", colour_end(COLOUR_STRONG, style));
}

/* What has no column of its own. */
static void draw_below(const struct object *o, const struct columns *c, unsigned indent,
		       const struct style *style, struct buf *out)
{
	uint64_t pending = object_num(o, RESOURCE_SIZE_NEW, size_of(o));
	_cleanup_free_ char *range = range_text(o), *size = size_text(pending), *text = NULL;
	struct buf b = {};

	if (pending != size_of(o))
		buf_add(&b, "%s %s at the next reload", style->utf8 ? "→" : "->", size);
	if (!c->range && *range)
		buf_add(&b, "%sfrom-to/step: %s", b.n ? "; " : "", range);
	text = buf_take(&b);
	if (!*text)
		return;
	buf_add(out, "%*s", (int)indent + 2, "");
	wrap_render(text, indent + 2, style, out);
}

static void draw(const struct world *w, const struct object *o, const struct columns *c,
		 const struct style *style, struct buf *out)
{
	_cleanup_free_ char *size = size_text(size_of(o)), *used = used_text(o);
	_cleanup_free_ char *range = range_text(o), *name = NULL;
	const char *label;
	unsigned indent;

	label_of(o, &indent, &label);
	name = text_clean_line(label);
	buf_add(out, "%*s%-*s %*s %*s", (int)indent, "", (int)(c->name - indent), name,
		(int)c->size, size, (int)c->used, used);
	if (c->range)
		buf_add(out, " %-*s", (int)c->range, range);
	if (size_of(o) != VALUE_UNLIMITED) {
		buf_add(out, " ");
		draw_bar(w, o, c->bar, style, out);
	}
	while (out->s[out->n - 1] == ' ')
		out->s[--out->n] = '\0';
	buf_add(out, "\n");
	draw_below(o, c, indent, style, out);
}

/** picture_render_sizes() - append a bar for each resource, and what the bars mean. */
void picture_render_sizes(const struct world *w, const struct style *style, struct buf *out)
{
	object_refs shown = resources_in(w);
	struct columns c = measure(&shown, style);

	if (!shown.n) {
		buf_add(out, "It has no resources.\n");
		return;
	}
	draw_titles(&c, style, out);
	vec_each(o, &shown)
		draw(w, *o, &c, style, out);
	vec_clear(&shown);
	buf_add(out, style->utf8 ? "█ in use  ▒ free, or not known  · the rest of the parent\n"
				 : "# in use  = free, or not known  . the rest of the parent\n");
}

/** picture_render() - append what the device of @w is divided into. */
void picture_render(const char *handle, const struct world *w, const struct style *style,
		    struct buf *out)
{
	_cleanup_free_ char *name = text_clean_line(handle);

	buf_add(out, "%s%s%s%s%s\n", colour_begin(COLOUR_STRONG, style), name,
		colour_end(COLOUR_STRONG, style), w->facts.driver ? "  " : "",
		w->facts.driver ? w->facts.driver : "");
	picture_render_sizes(w, style, out);
}

/* --- the command ---------------------------------------------------------------------------- */

/* Those of the device and of its ports, or null. */
static json_t *resources_of(const json_t *facts)
{
	json_t *all = json_deep_copy(json_object_get(facts, "resources"));
	json_t *of_ports = json_object_get(facts, "port_resources");

	if (of_ports && !all)
		all = json_object();
	if (of_ports)
		json_object_update(all, of_ports);
	return all ? all : json_null();
}

/* @json: gets the resources as they came; or NULL */
static int fetch_facts(struct client *c, const char *device, struct world *ret, char **ret_handle,
		       json_t *json)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *why = NULL;
	struct arena arena = {};
	const char *text = "";
	json_t *j;
	int r = client_new_call(c, "Capture", &call);

	if (r >= 0)
		r = client_append(call, device, "facts");
	if (r >= 0)
		r = client_send_patiently(c, call, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return fetch_no_such_device(c, device);
	if (r < 0)
		return sd_bus_error_is_set(&error) ? client_fail(c, &error, r) : r;
	message_read_text(reply, &arena, &text);
	j = json_loads(text, 0, NULL);
	arena_clear(&arena);
	r = j ? facts_from_json(j, ret, ret_handle, &why) : -1;
	if (r >= 0 && json)
		json_object_set_new(json, device, resources_of(j));
	json_decref(j);
	if (r < 0)
		client_say("%s: its answer has another form", device);
	else
		state_sort(&ret->have);
	return r;
}

/**
 * picture_fetch() - what @device is like now.
 * @ret: is to be cleared in any case
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int picture_fetch(struct client *c, const char *device, struct world *ret)
{
	_cleanup_free_ char *handle = NULL;

	return fetch_facts(c, device, ret, &handle, NULL);
}

static int add(struct client *c, const char *device, json_t *json, struct buf *out)
{
	struct style style = style_of(STDOUT_FILENO);
	_cleanup_free_ char *handle = NULL;
	struct world w = {};
	int r = fetch_facts(c, device, &w, &handle, json);

	if (r >= 0) {
		buf_add(out, "%s", out->n ? "\n" : "");
		picture_render(handle, &w, &style, out);
	}
	world_clear(&w);
	return r;
}

/* Instead of what is in @out. */
static void write_json(const json_t *json, struct buf *out)
{
	char *text = json_dumps(json, JSON_INDENT(2));

	buf_clear(out);
	buf_add(out, "%s\n", text);
	free(text);
}

/**
 * command_resources() - carvectl resources [DEVICE].
 *
 * Return: the exit code.
 */
int command_resources(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct status_answer a = {};
	json_t *json = ctl->json ? json_object() : NULL;
	struct buf out = {};
	int r = client_open(&c, ctl);

	if (r >= 0)
		r = fetch_status(&c, ctl->n_args ? ctl->args[0] : NULL, &a);
	vec_each(d, &a.devices)
		if (r >= 0 && *d->handle)
			r = add(&c, d->handle, json, &out);
	answer_clear(&status_type, &a, &a.arena);
	if (r >= 0 && json)
		write_json(json, &out);
	json_decref(json);
	if (r >= 0)
		return output_text(&out, CTL_OK);
	buf_clear(&out);
	return CTL_ERROR;
}
