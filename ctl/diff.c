// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl diff: what configs say differently, key by key, wherever it is written. Decides where
 * the files on disk are: where those of the config in force were.
 */
#include "answer.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "plan.h"
#include "remarks.h"
#include "table.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* --- what differs ------------------------------------------------------------------------ */

static void add(struct diff_answer *a, const struct yaml_value *from, const struct yaml_value *to)
{
	_cleanup_free_ char *origin = mark_format((to ? to : from)->mark);

	vec_push(&a->changes, ((struct difference_answer){
				      .path = arena_strdup(&a->arena, (to ? to : from)->path),
				      .from = from ? arena_strdup(&a->arena, from->text) : "",
				      .to = to ? arena_strdup(&a->arena, to->text) : "",
				      .origin = arena_strdup(&a->arena, origin)}));
}

/* What @to says differently than @from, both sorted, is added to @ret. */
static void find_differences(const value_list *from, const value_list *to, struct diff_answer *ret)
{
	size_t i = 0, j = 0;

	while (i < from->n || j < to->n) {
		const struct yaml_value *a = i < from->n ? &from->v[i] : NULL;
		const struct yaml_value *b = j < to->n ? &to->v[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);

		if (order < 0)
			add(ret, a, NULL);
		else if (order > 0)
			add(ret, NULL, b);
		else if (strcmp(a->text, b->text) != 0)
			add(ret, a, b);
		i += order <= 0;
		j += order >= 0;
	}
}

static const struct table_column columns[] = {
	{.title = "", .tight = true},
	{.title = "KEY", .fit = TABLE_WRAP, .min = 24},
	{.title = "CHANGE", .fit = TABLE_WRAP, .min = 16},
	{.title = "FILE:LINE:COL", .fit = TABLE_WRAP, .spare = 1, .below = true},
};

static void add_change(struct table *t, const struct difference_answer *d,
		       const struct style *style)
{
	_cleanup_free_ char *both =
		mem_printf("%s %s %s", d->from, style->utf8 ? "→" : "->", d->to);
	bool added = !*d->from, removed = !*d->to;

	table_add(t,
		  added	    ? "+"
		  : removed ? "-"
			    : "~",
		  added	    ? COLOUR_GOOD
		  : removed ? COLOUR_BAD
			    : COLOUR_WAITING);
	table_add(t, d->path, COLOUR_NONE);
	table_add(t, added ? d->to : removed ? d->from : both, COLOUR_NONE);
	table_add(t, d->origin, COLOUR_NONE);
}

/* A line for each difference. */
static void render(const struct diff_answer *a, const struct style *style, struct buf *out)
{
	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};

	if (!a->changes.n) {
		buf_add(out, "No difference.\n");
		return;
	}
	vec_each(d, &a->changes)
		add_change(&t, d, style);
	table_render(&t, style, out);
	table_clear(&t);
}

/* --- configs as values -------------------------------------------------------------------- */

static const char *read_kept(void *user, const char *path)
{
	const struct files_answer *a = user;

	vec_each(f, &a->files)
		if (strcmp(f->path, path) == 0)
			return f->text;
	return NULL;
}

static void list_kept(void *user, const char *dir, void (*found)(void *list, const char *name),
		      void *list)
{
	const struct files_answer *a = user;
	size_t n = strlen(dir);

	vec_each(f, &a->files)
		if (strncmp(f->path, dir, n) == 0 && f->path[n] == '/' &&
		    !strchr(f->path + n + 1, '/'))
			found(list, f->path + n + 1);
}

/* What stands before /etc/carved or the like, or NULL. */
static const char *find_root(const char *path, struct arena *arena)
{
	static const char *const places[] = {"/etc/carved/carved.yaml", "/etc/carved/carved.d/",
					     "/run/carved/carved.d/", "/usr/lib/carved/carved.d/"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *p = strstr(path, places[i]);

		if (p)
			return arena_strndup(arena, path, (size_t)(p - path));
	}
	return NULL;
}

/* Where carved's files are: in the directories below a root; or the file that it was given. */
static void find_place(const struct files_answer *a, const struct overlay *o, struct arena *arena,
		       struct yaml_paths *ret)
{
	ret->root = NULL;
	vec_each(f, &a->files)
		if (!ret->root)
			ret->root = find_root(f->path, arena);
	vec_each(f, &o->files)
		if (!ret->root)
			ret->root = find_root(f->path, arena);
	if (!ret->root && a->files.n)
		ret->file = a->files.v[0].path;
	if (!ret->root)
		ret->root = "";
}

/* Of what is kept, or, where @kept is not set, of what is on disk now and laid over it. */
static int load(const struct files_answer *a, bool kept, const struct overlay *o,
		struct arena *arena, value_list *ret)
{
	const struct yaml_files files = {.read = read_kept, .list = list_kept, .user = (void *)a};
	struct yaml_paths paths = {.files = kept ? &files : NULL, .overlay = kept ? NULL : o};
	struct diag_list diags = {};
	int r;

	find_place(a, o, arena, &paths);
	r = yaml_load_values(&paths, arena, ret, &diags);
	if (r < 0) {
		_cleanup_free_ char *text = diag_render_all(&diags);

		remarks_print(text);
		client_say(kept ? "the config cannot be read again"
				: "the files on disk would be refused");
	}
	diag_clear(&diags);
	return r;
}

static int fetch_values(struct client *c, const char *number, bool kept, struct arena *arena,
			value_list *ret)
{
	struct files_answer a;
	int r = fetch_config(c, number, &a);

	if (r >= 0)
		r = load(&a, kept, &c->ctl->overlay, arena, ret);
	answer_clear(&files_type, &a, &a.arena);
	return r;
}

/* --- the command ---------------------------------------------------------------------------- */

static int compare(struct client *c, struct diff_answer *ret)
{
	const struct ctl *ctl = c->ctl;
	bool on_disk = ctl->n_args < 2;
	value_list from = {}, to = {};
	struct arena arena = {};
	int r = fetch_values(c, ctl->n_args ? ctl->args[0] : "0", true, &arena, &from);

	if (r >= 0)
		r = fetch_values(c, on_disk ? "0" : ctl->args[1], !on_disk, &arena, &to);
	if (r >= 0)
		find_differences(&from, &to, ret);
	vec_clear(&from);
	vec_clear(&to);
	arena_clear(&arena);
	return r;
}

static int show(const struct client *c, const struct diff_answer *a, const struct plan_answer *plan)
{
	struct style style = style_of(STDOUT_FILENO);
	int exit_code = a->changes.n ? CTL_STEPS : CTL_OK;
	struct buf out = {};

	if (c->ctl->json)
		return output_json(&diff_type, a, exit_code);
	render(a, &style, &out);
	if (a->changes.n) {
		buf_add(&out, "\n");
		plan_render(plan, &style, &out);
		plan_render_lasting(plan, &out);
	}
	return output_text(&out, exit_code);
}

/* Of the second config; what has no difference needs none. */
static int fetch_steps(struct client *c, const struct diff_answer *a, struct plan_answer *ret)
{
	_cleanup_free_ char *hash = NULL;
	struct plan_query q = {.candidate = c->ctl->n_args < 2};

	if (!a->changes.n)
		return 0;
	if (!q.candidate && fetch_config_hash(c, c->ctl->args[1], &hash) < 0)
		return -ENOENT;
	q.config = hash;
	return fetch_plan(c, &q, ret);
}

/**
 * command_diff() - carvectl diff [N] [M] [--with PATH=FILE] [--without PATH].
 *
 * Return: the exit code.
 */
int command_diff(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct plan_answer plan = {};
	int exit_code = CTL_ERROR;
	struct diff_answer a;

	answer_init(&diff_type, &a);
	if (client_open(&c, ctl) >= 0 && compare(&c, &a) >= 0 && fetch_steps(&c, &a, &plan) >= 0) {
		a.steps = plan.steps;
		exit_code = show(&c, &a, &plan);
		memset(&a.steps, 0, sizeof(a.steps));
	}
	answer_clear(&plan_type, &plan, &plan.arena);
	answer_clear(&diff_type, &a, &a.arena);
	return exit_code;
}
