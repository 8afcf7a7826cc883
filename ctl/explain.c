// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl explain: why a device or an object is as it is, and what the operator can type. Decides
 * what helps in which state; what stands in the way is the daemon's to say.
 */
#include "explain.h"
#include "ctl.h"
#include "fetch.h"
#include "model/class.h"
#include "output.h"
#include "table.h"

#include <unistd.h>

#define INDENT 2

static void say(const char *text, const struct style *style, struct buf *out)
{
	buf_add(out, "%*s", INDENT, "");
	wrap_render(text, INDENT, style, out);
}

/* What the operator can type; %s is the device. */
static const struct {
	const char *state, *help;
} helps[] = {
	{"quarantined", "when the cause is gone: carvectl retry %s"},
	{"failed", "when the cause is gone: carvectl retry %s"},
	{"refused", "mend the files, then: carvectl reload --confirm 5m"},
	{"paused", "to end the pause: carvectl resume %s"},
	{"pending-reload",
	 "to reload it now, whatever that resets: carvectl apply %s --allow-reload"},
	{"drifted", "to set it as declared: carvectl apply %s"},
	{"pending-power-cycle", "switch the device off and on"},
	{"unmanaged", "to manage it, start from: carvectl capture %s"},
};

static void say_help(const struct device_answer *d, const struct style *style, struct buf *out)
{
	/* what is left alone is not touched by an apply */
	const char *state = strstr(d->reason, "carvectl retry") ? "failed" : d->state;

	if (answer_waits_for_others(d->reason))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
		_cleanup_free_ char *text = NULL;
		const char *slot = strstr(helps[i].help, "%s");

		if (strcmp(helps[i].state, state) != 0)
			continue;
		text = slot ? mem_printf("%.*s%s%s", (int)(slot - helps[i].help), helps[i].help,
					 d->handle, slot + 2)
			    : mem_strdup(helps[i].help);
		say(text, style, out);
	}
}

static void explain_object(const struct object_answer *o, const struct style *style,
			   struct buf *out)
{
	bool there = strcmp(o->wanted, o->actual) == 0;
	_cleanup_free_ char *line = mem_printf("%s %s", o->kind, o->object);
	static const char restore[] = "restore: was ";
	size_t n = strlen(restore);
	bool back = strncmp(o->origin, restore, n) == 0;
	_cleanup_free_ char *wanted =
		back ? mem_printf("wanted: %s, as it was before %s, which is gone", o->wanted,
				  o->origin + n)
		     : mem_printf("wanted: %s, by %s", o->wanted,
				  *o->origin ? o->origin : "carved");
	/* what is staged is shown by the device, too */
	_cleanup_free_ char *actual =
		mem_printf("%s: %s%s", there && *o->reason ? "the device shows" : "in force",
			   o->actual, there && !*o->reason ? ", as wanted" : "");
	_cleanup_free_ char *why = mem_printf("%s: %s", there ? "but" : "because", o->reason);

	buf_add(out, "\n");
	wrap_render(line, 0, style, out);
	say(wanted, style, out);
	say(actual, style, out);
	if (*o->reason)
		say(why, style, out);
}

static bool is_odd(const struct object_answer *o)
{
	return *o->reason || strcmp(o->wanted, o->actual) != 0;
}

/* Nothing of it is odd, by the last read, which may be from before what goes on. */
static void say_all_wanted(const struct device_answer *d, struct buf *out)
{
	bool old = strcmp(d->state, "reading") == 0;
	const char *when = old ? " when it was last read" : "";

	if (d->objects.n == 1)
		buf_add(out, "\nThe one object %s as wanted%s.\n", old ? "was" : "is", when);
	else if (d->objects.n)
		buf_add(out, "\nAll %zu objects %s as wanted%s.\n", d->objects.n,
			old ? "were" : "are", when);
}

/* As it is called in output; of a param the mode may be left out, as in a config. */
static bool is_called(const struct object_answer *o, const char *name)
{
	size_t n = strlen(name);

	return strcmp(o->object, name) == 0 ||
	       (strcmp(o->kind, class_param.name) == 0 && strncmp(o->object, name, n) == 0 &&
		o->object[n] == '/');
}

/* @words: its name, or its kind before that, as in output or as the section of a config. */
static bool is_meant(const struct object_answer *o, const char *const *words, size_t n)
{
	const struct class *section = n > 1 ? class_by_section(words[0]) : NULL;

	return is_called(o, words[n - 1]) &&
	       (n == 1 || strcmp(o->kind, section ? section->name : words[0]) == 0);
}

/**
 * explain_render() - append why a device is as it is.
 * @words, @n_words: only the objects that they mean: a name, or kind and name; 0: all that are not
 * as wanted
 *
 * Return: how many objects were explained.
 */
size_t explain_render(const struct device_answer *d, const char *const *words, size_t n_words,
		      const struct style *style, struct buf *out)
{
	_cleanup_free_ char *line =
		mem_printf("%s %s %s", *d->handle ? d->handle : d->entry,
			   strcmp(d->state, "failed") == 0 ? "has" : "is", d->state);
	size_t n = 0;

	wrap_render(line, 0, style, out);
	if (*d->reason)
		say(d->reason, style, out);
	say_help(d, style, out);
	vec_each(o, &d->objects) {
		if (n_words ? !is_meant(o, words, n_words) : !is_odd(o))
			continue;
		explain_object(o, style, out);
		n++;
	}
	if (!n && !n_words)
		say_all_wanted(d, out);
	return n;
}

static int show(const struct ctl *ctl, const struct status_answer *a)
{
	const char *const *words = ctl->args + 1;
	size_t n_words = ctl->n_args - 1;
	struct style style = style_of(STDOUT_FILENO);
	struct buf out = {};
	size_t n = 0;

	if (ctl->json)
		return output_json(&status_type, a, CTL_OK);
	vec_each(d, &a->devices) {
		buf_add(&out, "%s", out.n ? "\n" : "");
		n += explain_render(d, words, n_words, &style, &out);
	}
	if (n_words && !n) {
		client_say("nothing that is called %s%s%s is managed on %s; all that is: carvectl "
			   "status %s",
			   words[0], n_words > 1 ? " " : "", n_words > 1 ? words[1] : "",
			   ctl->args[0], ctl->args[0]);
		buf_clear(&out);
		return CTL_ERROR;
	}
	return output_text(&out, CTL_OK);
}

/**
 * command_explain() - carvectl explain DEVICE [[KIND] OBJECT].
 *
 * Return: the exit code.
 */
int command_explain(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct status_answer a = {};
	int exit_code = CTL_ERROR;

	if (client_open(&c, ctl) >= 0 && fetch_status(&c, ctl->args[0], &a) >= 0)
		exit_code = show(ctl, &a);
	answer_clear(&status_type, &a, &a.arena);
	return exit_code;
}
