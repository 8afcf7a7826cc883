// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl plan: the steps that carved would take now. Decides how they look; the daemon has made
 * them. */
#include "plan.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "table.h"

#include <unistd.h>

static const struct table_column columns[] = {
	{.title = "DEVICE", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "CLASS", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "KIND", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "OBJECT", .fit = TABLE_WRAP, .min = 24, .squeeze = true},
	{.title = "CHANGE", .fit = TABLE_WRAP, .min = 16},
	{.title = "FILE:LINE:COL", .fit = TABLE_WRAP, .spare = 1, .below = true},
};

static enum colour class_colour(const char *class)
{
	if (strcmp(class, "reload") == 0)
		return COLOUR_WAITING;
	return strcmp(class, "power-cycle") == 0 ? COLOUR_BAD : COLOUR_NONE;
}

static void add_step(struct table *t, const struct step_answer *s, const struct style *style)
{
	_cleanup_free_ char *change =
		*s->from ? mem_printf("%s %s %s", s->from, style->utf8 ? "→" : "->", s->to)
			 : mem_strdup(s->to);

	table_add(t, s->handle, COLOUR_NONE);
	table_add(t, s->class, class_colour(s->class));
	table_add(t, s->kind, COLOUR_NONE);
	table_add(t, s->object, COLOUR_NONE);
	table_add(t, change, COLOUR_NONE);
	table_add(t, s->origin, COLOUR_NONE);
}

static void render_summary(const struct plan_answer *a, struct buf *out)
{
	size_t reloads = 0;

	vec_each(s, &a->steps)
		reloads += strcmp(s->kind, "reload") == 0;
	buf_add(out, "\n%zu step%s", a->steps.n, a->steps.n == 1 ? "" : "s");
	if (reloads)
		buf_add(out, ", %zu reload%s", reloads, reloads == 1 ? "" : "s");
	buf_add(out, "\n");
}

static bool is_hindered(const struct plan_answer *a, const char *handle)
{
	vec_each(h, &a->hindered)
		if (strcmp(h->handle, handle) == 0)
			return true;
	return false;
}

/* How much waits for a reload, unless something else about the device is told. */
static void render_held(const struct plan_answer *a, const struct style *style, struct buf *out)
{
	for (size_t i = 0, n = 1; i < a->held.n; i += n) {
		const char *handle = a->held.v[i].handle;
		_cleanup_free_ char *text = NULL;

		for (n = 1; i + n < a->held.n && strcmp(a->held.v[i + n].handle, handle) == 0;)
			n++;
		if (is_hindered(a, handle))
			continue;
		text = mem_printf("%zu of them wait%s for a permitted reload; to take %s now: "
				  "carvectl apply %s --allow-reload",
				  n, n == 1 ? "s" : "", n == 1 ? "it" : "them", handle);
		wrap_render(text, 0, style, out);
	}
}

static void render_hindered(const struct plan_answer *a, const struct style *style, struct buf *out)
{
	vec_each(h, &a->hindered) {
		bool entry = !*h->handle;
		bool failed = strcmp(h->state, "failed") == 0;
		/* "paused by root until ..." says it already */
		bool said = strncmp(h->reason, h->state, strlen(h->state)) == 0;
		_cleanup_free_ char *text = mem_printf("%s%s %s %s%s%s", entry ? "entry " : "",
						       entry ? h->entry : h->handle,
						       failed ? "has" : "is", said ? "" : h->state,
						       *h->reason && !said ? ": " : "", h->reason);

		wrap_render(text, 4, style, out);
	}
}

/** plan_render() - append the table of steps, how many there are, and what is in the way. */
void plan_render(const struct plan_answer *a, const struct style *style, struct buf *out)
{
	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};

	vec_each(s, &a->steps)
		add_step(&t, s, style);
	if (a->steps.n) {
		table_render(&t, style, out);
		render_summary(a, out);
	} else if (!a->hindered.n) {
		buf_add(out, "Nothing to do.\n");
	}
	table_clear(&t);
	render_held(a, style, out);
	render_hindered(a, style, out);
	if (a->out_of_sync)
		wrap_render("The files on disk differ from what is in force; the plan "
			    "for them: carvectl plan --candidate",
			    0, style, out);
}

static bool is_lasting(const struct step_answer *s)
{
	static const char permanent[] = "/permanent";
	size_t n = strlen(s->object), suffix = strlen(permanent);

	return strcmp(s->kind, "firmware") == 0 ||
	       (n > suffix && strcmp(s->object + n - suffix, permanent) == 0);
}

/** plan_render_lasting() - append what a trial that comes to nothing would leave behind. */
void plan_render_lasting(const struct plan_answer *a, struct buf *out)
{
	size_t before = out->n;

	vec_each(s, &a->steps)
		if (is_lasting(s))
			buf_add(out, "%s%s %s %s to %s",
				out->n == before ? "The end of a trial would not undo: " : ", ",
				s->handle, s->kind, s->object, s->to);
	if (out->n > before)
		buf_add(out, "\n");
}

/* --- what is asked for --------------------------------------------------------------- */

static bool is_same(const struct step_answer *a, const struct step_answer *b)
{
	return strcmp(a->handle, b->handle) == 0 && strcmp(a->kind, b->kind) == 0 &&
	       strcmp(a->object, b->object) == 0;
}

/**
 * plan_find_held() - those of its steps that are not among the @permitted are held back.
 *
 * The other plan is made a moment later: a live step that it lacks was taken meanwhile.
 */
void plan_find_held(struct plan_answer *a, const struct plan_answer *permitted)
{
	vec_each(s, &a->steps) {
		bool found = strcmp(s->class, "live") == 0;

		vec_each(p, &permitted->steps)
			found = found || is_same(s, p);
		if (!found)
			vec_push(&a->held, *s);
	}
}

static int fetch_held(struct client *c, const struct plan_query *q, struct plan_answer *ret)
{
	struct plan_query permitted = *q;
	struct plan_answer a = {};
	int r = 0;

	permitted.permitted = true;
	if (ret->steps.n) {
		r = fetch_plan(c, &permitted, &a);
		plan_find_held(ret, &a);
	}
	answer_clear(&plan_type, &a, &a.arena);
	return r;
}

/* What the plan does not tell of a device in such a state. */
static const struct {
	const char *state;
	bool always; /* else only where it has no steps */
	int exit_code;
} hindrances[] = {
	{"refused", true, CTL_ERROR},
	{"quarantined", true, CTL_ERROR},
	{"absent", true, CTL_ERROR},
	{"failed", true, CTL_OK},
	{"paused", true, CTL_OK},
	{"drifted", false, CTL_OK},
	{"reading", true, CTL_STEPS},
	{"applying", true, CTL_STEPS},
	{"reloading", true, CTL_STEPS},
	{"flashing", true, CTL_STEPS},
	{"pending-power-cycle", false, CTL_OK},
};

static bool has_steps(const struct plan_answer *a, const char *handle)
{
	vec_each(s, &a->steps)
		if (strcmp(s->handle, handle) == 0)
			return true;
	return false;
}

static bool is_in_the_way(const struct plan_answer *a, const struct device_answer *d)
{
	if (answer_waits_for_others(d->reason))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(hindrances); i++)
		if (strcmp(d->state, hindrances[i].state) == 0)
			return hindrances[i].always || !has_steps(a, d->handle);
	return false;
}

static int fetch_hindered(struct client *c, const char *device, struct plan_answer *ret)
{
	struct status_answer s;
	int r = fetch_status(c, device, &s);

	if (r >= 0) {
		struct arena *to = &ret->arena;

		ret->out_of_sync = s.out_of_sync;
		vec_each(d, &s.devices)
			if (is_in_the_way(ret, d))
				vec_push(&ret->hindered,
					 ((struct hindered_answer){arena_strdup(to, d->handle),
								   arena_strdup(to, d->entry),
								   arena_strdup(to, d->state),
								   arena_strdup(to, d->reason)}));
	}
	answer_clear(&status_type, &s, &s.arena);
	return r;
}

/**
 * plan_exit_code() - Return: CTL_ERROR where something is refused, quarantined or absent, CTL_STEPS
 * where something is to be done, or is being done.
 */
int plan_exit_code(const struct plan_answer *a)
{
	int exit_code = a->steps.n ? CTL_STEPS : CTL_OK;

	vec_each(h, &a->hindered)
		for (size_t i = 0; i < ARRAY_SIZE(hindrances); i++) {
			if (strcmp(h->state, hindrances[i].state) != 0)
				continue;
			if (hindrances[i].exit_code == CTL_ERROR)
				return CTL_ERROR;
			exit_code = MAX(exit_code, hindrances[i].exit_code);
		}
	return exit_code;
}

static bool is_candidate(const struct ctl *ctl)
{
	return ctl->candidate || ctl->overlay.files.n;
}

static int show(const struct ctl *ctl, const struct plan_answer *a)
{
	struct style style = style_of(STDOUT_FILENO);
	int exit_code = plan_exit_code(a);
	struct buf out = {};

	if (ctl->json)
		return output_json(&plan_type, a, exit_code);
	plan_render(a, &style, &out);
	if (is_candidate(ctl))
		plan_render_lasting(a, &out);
	return output_text(&out, exit_code);
}

/**
 * command_plan() - carvectl plan [DEVICE] [--candidate] [--with PATH=FILE] [--without PATH].
 *
 * Return: the exit code.
 */
int command_plan(const struct ctl *ctl)
{
	struct plan_query q = {.device = ctl->n_args ? ctl->args[0] : NULL,
			       .candidate = is_candidate(ctl)};
	_cleanup_client_ struct client c = {};
	int exit_code = CTL_ERROR;
	struct plan_answer a = {};

	if (client_open(&c, ctl) >= 0 && fetch_plan(&c, &q, &a) >= 0 &&
	    fetch_held(&c, &q, &a) >= 0 && (q.candidate || fetch_hindered(&c, q.device, &a) >= 0))
		exit_code = show(ctl, &a);
	answer_clear(&plan_type, &a, &a.arena);
	return exit_code;
}
