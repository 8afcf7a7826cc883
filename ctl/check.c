// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl check: files read and checked here, without the daemon, a bus or a kernel; with captured
 * devices also bound to them, by the code that the daemon uses. The first file is the main one, the
 * others are laid over it in their order; without any it is the files of this system. Decides what
 * a directory stands for, and says what was not checked.
 */
#include "client.h"
#include "ctl.h"
#include "model/json.h"
#include "model/value.h"
#include "output.h"
#include "plan/bind.h"
#include "plan/match.h"
#include "remarks.h"
#include "table.h"
#include "yaml/files.h"
#include "yaml/yaml.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A captured device, and what the files make of it. */
struct checked {
	const char *file;
	char *handle;
	struct world world;
	const struct entry *entry; /* NULL: none matches */
	struct state want;
	int bound; /* as bind_entry() */
};

struct check {
	const struct ctl *ctl;
	struct arena arena;
	text_list files; /* the main one first; none: the system's */
	struct config *config;
	VEC(struct checked) devices;
	struct diag_list diags;
};

/* --- which files ------------------------------------------------------------------- */

static int by_text(const void *pa, const void *pb)
{
	return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* The files of @dir that carved would read as drop-ins, by name. */
static void add_dropins(struct check *c, const char *dir)
{
	DIR *d = opendir(dir);
	text_list found = {};

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		size_t n = strlen(e->d_name);

		if (e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0)
			vec_push(&found, arena_printf(&c->arena, "%s/%s", dir, e->d_name));
	}
	if (d)
		closedir(d);
	vec_sort(&found, by_text);
	vec_each(path, &found)
		vec_push(&c->files, *path);
	vec_clear(&found);
}

/*
 * A directory like /etc/carved has a main file and drop-ins below it, any other one has drop-ins.
 */
static void add_directory(struct check *c, const char *dir)
{
	const char *main = arena_printf(&c->arena, "%s/carved.yaml", dir);

	if (access(main, F_OK) < 0) {
		if (!c->files.n)
			vec_push(&c->files, "/dev/null");
		add_dropins(c, dir);
		return;
	}
	vec_push(&c->files, main);
	add_dropins(c, arena_printf(&c->arena, "%s/carved.d", dir));
}

static void find_files(struct check *c)
{
	for (size_t i = 0; i < c->ctl->n_args; i++) {
		const char *name = c->ctl->args[i];
		struct stat st;

		if (strcmp(name, "-") == 0)
			vec_push(&c->files, "/dev/stdin");
		else if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
			add_directory(c, name);
		else
			vec_push(&c->files, name);
	}
}

/* --- on which devices --------------------------------------------------------------- */

static int load_facts(struct checked *d)
{
	_cleanup_free_ char *why = NULL;
	json_error_t error;
	json_t *j = json_load_file(d->file, JSON_REJECT_DUPLICATES, &error);
	int r = 0;

	if (!j && error.line < 0)
		client_say("%s", error.text);
	else if (!j)
		client_say("%s:%d:%d: %s", d->file, error.line, error.column, error.text);
	else
		r = facts_from_json(j, &d->world, &d->handle, &why);
	if (why)
		client_say("%s: %s; it is written by: carvectl capture DEVICE --facts", d->file,
			   why);
	json_decref(j);
	return j ? r : -1;
}

static int load_devices(struct check *c)
{
	vec_each(file, &c->ctl->facts_files) {
		struct checked *d = vec_add(&c->devices);

		d->file = *file;
		if (load_facts(d) < 0)
			return -1;
	}
	return 0;
}

/* Choose the entry as the daemon does when the device registers. */
static void bind(struct check *c, struct checked *d)
{
	const char *driver = d->world.facts.driver;
	entry_list matches = {};

	match_all(c->config, d->handle, &d->world.facts, &matches);
	d->entry = matches.n ? matches.v[0] : NULL;
	if (!d->entry)
		diag_add(&c->diags, DIAG_NOTE, (struct mark){.file = d->file}, NULL, d->handle,
			 "no entry matches this device%s%s; it would not be managed",
			 driver ? " of driver " : "", driver ? driver : "");
	else if (matches.n > 1)
		match_conflict(&matches, d->handle, &c->diags);
	else
		d->bound = bind_entry(d->entry, d->handle, &d->world, &d->want, &c->diags);
	vec_clear(&matches);
}

static bool is_any_read(const struct check *c)
{
	vec_each(f, &c->config->files)
		if (strcmp(f->path, "/dev/null") != 0)
			return true;
	return false;
}

/* To carved it is no error, but who checks has looked at the wrong place. */
static void complain_of_nothing(struct check *c, const char *root)
{
	const char *file =
		c->ctl->n_args ? c->ctl->args[0] : arena_printf(&c->arena, "%s" FILES_MAIN, root);

	diag_add(&c->diags, DIAG_ERROR, (struct mark){.file = file}, NULL, NULL,
		 "%s, so nothing was checked",
		 c->ctl->n_args ? "no file in there ends in .yaml"
				: "there is neither this file nor a drop-in");
}

static void check_files(struct check *c)
{
	struct yaml_paths paths = {.root = c->ctl->config_root ? c->ctl->config_root : "",
				   .file = c->files.n ? c->files.v[0] : NULL,
				   .dropins = c->files.n ? c->files.v + 1 : NULL,
				   .n_dropins = c->files.n ? c->files.n - 1 : 0};

	if (yaml_load(&paths, &c->config, &c->diags) < 0)
		return;
	if (!is_any_read(c))
		complain_of_nothing(c, paths.root);
	vec_each(d, &c->devices)
		bind(c, d);
}

/* --- what it came to ------------------------------------------------------------------ */

/* Is a size written as something that only a device makes a number of? */
static bool is_derived(const char *text)
{
	return strchr(text, '%') || strcmp(text, "rest") == 0 || strcmp(text, "min") == 0 ||
	       strcmp(text, "max") == 0;
}

/* How the size of @o is written. */
static const char *written_of(const struct entry *e, const struct object *o)
{
	vec_each(l, &e->layers)
		vec_each(w, &l->wishes)
			if (w->class == &class_resource && w->object && w->text &&
			    strcmp(w->object, o->name) == 0 &&
			    mark_same(w->mark, object_mark(o, RESOURCE_SIZE)))
				return w->text;
	return "";
}

static void add_sizes(const struct checked *d, struct checked_answer *ret)
{
	vec_each(o, &d->want.objects) {
		const char *written = o->class == &class_resource ? written_of(d->entry, o) : "";

		if (is_derived(written))
			vec_push(&ret->sizes,
				 ((struct size_answer){o->name, written, o->v[RESOURCE_SIZE].num}));
	}
}

static bool is_any_bound(const struct check *c)
{
	vec_each(d, &c->devices)
		if (d->entry)
			return true;
	return false;
}

static void add_unchecked(const struct check *c, struct check_answer *a)
{
	if (!c->devices.n)
		vec_push(&a->unchecked, "whether a device has what is named, and its limits (for "
					"that: --facts FACTS)");
	vec_each(d, &c->devices)
		if (d->bound == BIND_NEEDS_IMAGE)
			vec_push(&a->unchecked,
				 arena_printf(&a->arena,
					      "the firmware file for %s, and what else is "
					      "wanted of it",
					      d->handle));
	if (is_any_bound(c))
		vec_push(&a->unchecked, "what only the driver knows: it may still refuse a value");
}

static void answer_of(const struct check *c, struct check_answer *a)
{
	const struct checked *first = c->devices.v;

	answer_init(&check_type, a);
	a->result = c->diags.n_errors ? "refused" : "good";
	a->entry = first && first->entry ? first->entry->name : "";
	a->handle = first ? first->handle : "";
	a->errors = c->diags.n_errors;
	vec_each(d, &c->diags.diags)
		vec_push(&a->problems,
			 ((struct problem_answer){.severity = diag_severity_name(d->severity),
						  .file = d->mark.file ? d->mark.file : "",
						  .line = d->mark.line,
						  .column = d->mark.column,
						  .handle = d->device ? d->device : "",
						  .message = d->message,
						  .source = d->source ? d->source : ""}));
	vec_each(d, &c->devices) {
		struct checked_answer *to = vec_add(&a->devices);

		to->handle = d->handle;
		to->entry = d->entry ? d->entry->name : "";
		add_sizes(d, to);
	}
	add_unchecked(c, a);
}

/* What is written where there is no error; notes do not count as one. */
static void render(const struct check_answer *a, const struct style *style, struct buf *out)
{
	bool fits = false;

	if (a->errors)
		return;
	vec_each(d, &a->devices) {
		if (!*d->entry)
			continue;
		buf_add(out, "%s entry %s fits %s.\n", fits ? "And" : "No errors;", d->entry,
			d->handle);
		fits = true;
		vec_each(s, &d->sizes) {
			_cleanup_free_ char *size = size_text(s->size);

			buf_add(out, "    %s: %s is %s\n", s->path, s->written, size);
		}
	}
	if (!fits)
		buf_add(out, "No errors.\n");
	vec_each(text, &a->unchecked) {
		_cleanup_free_ char *line = mem_printf("Not checked: %s.", *text);

		wrap_render(line, 4, style, out);
	}
}

static int show(const struct check *c)
{
	int exit_code = c->diags.n_errors ? CTL_ERROR : CTL_OK;
	struct style style = style_of(STDOUT_FILENO);
	struct check_answer a;
	struct buf out = {};

	answer_of(c, &a);
	if (c->ctl->json) {
		exit_code = output_json(&check_type, &a, exit_code);
	} else {
		_cleanup_free_ char *text = diag_render_all(&c->diags);

		remarks_print(text);
		render(&a, &style, &out);
		exit_code = output_text(&out, exit_code);
	}
	answer_clear(&check_type, &a, &a.arena);
	return exit_code;
}

static void check_clear(struct check *c)
{
	vec_each(d, &c->devices) {
		state_clear(&d->want);
		world_clear(&d->world);
		free(d->handle);
	}
	vec_clear(&c->devices);
	vec_clear(&c->files);
	config_unref(c->config);
	diag_clear(&c->diags);
	arena_clear(&c->arena);
}

/**
 * command_check() - carvectl check [FILE...] [--facts FACTS]...
 *
 * Return: the exit code.
 */
int command_check(const struct ctl *ctl)
{
	struct check c = {.ctl = ctl};
	int exit_code = CTL_ERROR;

	if (load_devices(&c) == 0) {
		find_files(&c);
		check_files(&c);
		exit_code = show(&c);
	}
	check_clear(&c);
	return exit_code;
}
