// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds bytes to yaml_load(), and every entry that comes of it to bind_entry() and plan_make() with
 * some devices ($srcdir is the top of the source tree, "." if not set), whatever it is to match. An
 * input is a config file as with -c; or, with lines of "%%%" in it, a tree: the main file, a
 * drop-in, and the preset "p". Whatever comes: no crash, an error or a config and never both, every
 * error with words and a place, every wish with what bind needs, every want with a place and an
 * object of the device.
 */
#include "fuzz.h"
#include "model/json.h"
#include "plan/bind.h"
#include "plan/match.h"
#include "plan/make.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATOR "\n%%%\n"
static const char *const tree_dirs[] = {"/etc", "/etc/carved", "/etc/carved/carved.d",
					"/etc/carved/presets"};
static const char *const tree_files[] = {"/etc/carved/carved.yaml", "/etc/carved/carved.d/d.yaml",
					 "/etc/carved/presets/p.yaml"};
static char tree[] = "/tmp/carved-fuzz-XXXXXX";

static void remove_tree(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tree_files); i++) {
		_cleanup_free_ char *path = mem_printf("%s%s", tree, tree_files[i]);

		unlink(path);
	}
	for (size_t i = ARRAY_SIZE(tree_dirs); i > 0; i--) {
		_cleanup_free_ char *path = mem_printf("%s%s", tree, tree_dirs[i - 1]);

		rmdir(path);
	}
	rmdir(tree);
}

static void make_tree(void)
{
	static bool made;

	if (made)
		return;
	MUST(mkdtemp(tree));
	made = true;
	for (size_t i = 0; i < ARRAY_SIZE(tree_dirs); i++) {
		_cleanup_free_ char *path = mem_printf("%s%s", tree, tree_dirs[i]);

		MUST(mkdir(path, 0700) == 0);
	}
	atexit(remove_tree);
}

static void write_part(size_t i, const char *bytes, size_t n)
{
	_cleanup_free_ char *path = mem_printf("%s%s", tree, tree_files[i]);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	close(fd);
}

static void write_tree(const char *bytes, size_t size)
{
	const char *end = bytes + size;

	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(tree_files); i++) {
		const char *cut =
			memmem(bytes, (size_t)(end - bytes), SEPARATOR, strlen(SEPARATOR));
		const char *stop = cut ? cut + 1 : end;

		write_part(i, bytes, (size_t)(stop - bytes));
		bytes = cut ? cut + strlen(SEPARATOR) : end;
	}
}

static void check_wish(const struct wish *w)
{
	MUST(w->class && w->mark.file && w->mark.line && w->mark.column && w->source);
	MUST(w->object_mark.line && w->object_mark.column);
	MUST(w->object || (!w->attr && !w->text));
	MUST(!w->text || w->attr || w->class->form != FORM_MAP);
}

static void check_config(const struct config *c)
{
	vec_each(e, &c->entries) {
		MUST(e->name[0] && e->matches.n && e->layers.n && e->source);
		MUST(!e->layers.v[e->layers.n - 1].preset);
		vec_each(l, &e->layers)
			vec_each(w, &l->wishes)
				check_wish(w);
	}
}

/* ---- devices ---- */

struct fuzz_device {
	const char *facts, *driver; /* the driver is changed where quirks are wanted */
	char *handle;
	struct world world;
};

static struct fuzz_device devices[] = {
	{.facts = "netdevsim"},
	{.facts = "asicsim-spectrum1", .driver = "mlxsw_spectrum"},
	{.facts = "asicsim-spectrum2", .driver = "mlxsw_spectrum2"},
	{.facts = "asicsim-mlx5ish"},
};

static void free_devices(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		free(devices[i].handle);
		world_clear(&devices[i].world);
	}
}

static void load_devices(void)
{
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct fuzz_device *d = &devices[i];
		_cleanup_free_ char *path =
			mem_printf("%s/conf/facts/%s.json", srcdir ? srcdir : ".", d->facts);
		json_t *j = json_load_file(path, 0, NULL);
		char *why;

		MUST(j && facts_from_json(j, &d->world, &d->handle, &why) == 0);
		json_decref(j);
		if (d->driver)
			d->world.facts.driver = d->driver;
	}
	atexit(free_devices);
}

static void check_want(const struct state *want, const struct world *w)
{
	vec_each(o, &want->objects) {
		MUST(state_find(&w->have, o->class, o->name, o->cmode));
		MUST(o->present);
		for (unsigned f = 0; f < o->class->n_writable; f++)
			MUST(!object_has(o, f) || object_mark(o, f).line);
	}
}

/* Every object that is wanted must be one that is read. */
static void check_reads(const struct entry *e, const struct fuzz_device *d,
			const struct state *want)
{
	winner_list winners = {};
	struct reads reads = {};

	winners_collect(&winners, e, d->handle, &d->world.facts);
	bind_reads(&winners, &d->world, &reads);
	vec_each(o, &want->objects) {
		bool read = o->class == &class_resource && reads.resources;

		vec_each(n, &reads.names)
			read |= n->class == o->class && strcmp(n->name, o->name) == 0;
		MUST(read);
	}
	vec_clear(&reads.names);
	vec_clear(&winners);
}

static void match_device(const struct config *c, const struct fuzz_device *d)
{
	struct diag_list diags = {};
	entry_list matches = {};

	match_all(c, d->handle, &d->world.facts, &matches);
	if (matches.n > 1)
		match_conflict(&matches, d->handle, &diags);
	MUST(diags.n_errors == (matches.n ? matches.n - 1 : 0));
	vec_clear(&matches);
	diag_clear(&diags);
}

static void bind_one(const struct entry *e, const struct fuzz_device *d)
{
	struct diag_list diags = {};
	struct state want = {};
	int r = bind_entry(e, d->handle, &d->world, &want, &diags);

	MUST(r == 0 || r == -EINVAL);
	MUST((r == 0) == (diags.n_errors == 0));
	vec_each(diag, &diags.diags)
		MUST(diag->mark.line && diag->message[0]);
	check_want(&want, &d->world);
	check_reads(e, d, &want);
	for (int reload = 0; r == 0 && reload <= 1; reload++) {
		struct plan plan = {};

		plan_make(&want, &d->world, &(struct policy){.reload = reload}, &plan);
		plan_clear(&plan);
	}
	state_clear(&want);
	diag_clear(&diags);
}

static void bind_config(const struct config *c)
{
	static bool loaded;

	if (!loaded)
		load_devices();
	loaded = true;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		match_device(c, &devices[i]);
	vec_each(e, &c->entries)
		for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
			bind_one(e, &devices[i]);
}

static void check_diags(const struct diag_list *diags)
{
	_cleanup_free_ char *text = diag_render_all(diags);

	vec_each(d, &diags->diags) {
		MUST(d->mark.file && d->message[0] && strlen(d->message) <= 300);
		for (const char *p = d->message; *p; p++)
			MUST((unsigned char)*p >= ' ' && *p != 0x7f);
		MUST(!d->mark.line == !d->mark.column);
	}
	MUST(!diags->n_errors == !text[0]);
}

static void load(const struct yaml_paths *paths)
{
	struct config *c = NULL;
	struct diag_list diags = {};
	int r = yaml_load(paths, &c, &diags);

	MUST((r == 0) == (c != NULL) && (r == 0) == (diags.n_errors == 0));
	if (c) {
		check_config(c);
		bind_config(c);
	}
	check_diags(&diags);
	diag_clear(&diags);
	config_unref(c);
}

static void load_one(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[32];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(&(struct yaml_paths){.root = "/nowhere", .file = path});
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!memmem(data, size, SEPARATOR, strlen(SEPARATOR))) {
		load_one(data, size);
		return 0;
	}
	write_tree((const char *)data, size);
	load(&(struct yaml_paths){.root = tree});
	return 0;
}
