// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden tests of the YAML layer. A case is a folder of tests/golden/yaml: a file tree as on a
 * machine (or carved.yaml right in it: as with -c), and `expected`: the diagnostics word by word,
 * or for a good config what became of it. What cannot be kept as a file (NUL bytes, links to
 * /dev/null, directories in place of files) is made here, in a folder of /tmp, by the maker of the
 * case's name.
 *
 * UPDATE_GOLDEN=1 rewrites `expected`. $srcdir is the top of the source tree, "." if not set.
 */
#include "yaml/yaml.h"
#include "base/mem.h"
#include "golden.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/yaml"

/* ---- the dump: one line for each thing, with the place where it was written ---- */

static void dump_mark(struct buf *out, struct mark mark)
{
	_cleanup_free_ char *place = mark_format(mark);

	buf_add(out, "  # %s\n", place);
}

static void dump_matches(struct buf *out, const struct match_list *matches, const char *indent)
{
	vec_each(m, matches) {
		buf_add(out, "%smatch %s = %s", indent, m->key, m->pattern);
		dump_mark(out, m->mark);
	}
}

static void dump_wish(struct buf *out, const struct wish *w)
{
	buf_add(out, "    %s", w->object ? w->class->name : w->class->section);
	if (w->object)
		buf_add(out, " %s", w->object);
	if (w->attr)
		buf_add(out, " %s", w->attr);
	buf_add(out, " = %s", w->text ? w->text : "(null)");
	dump_mark(out, w->mark);
}

static void dump_firmware(struct buf *out, const struct firmware_wish *fw)
{
	if (!fw)
		return;
	buf_add(out, "    firmware%s", fw->cleared ? " = (null)" : "");
	dump_mark(out, fw->mark);
	for (size_t i = 0; i < FIRMWARE_KEYS; i++) {
		if (!fw->v[i].mark.file)
			continue;
		buf_add(out, "    firmware %s = %s", firmware_key_names[i],
			fw->v[i].text ? fw->v[i].text : "(null)");
		dump_mark(out, fw->v[i].mark);
	}
}

static void dump_entry(struct buf *out, const struct entry *e)
{
	static const char *const reload[] = {"auto", "boot", "manual"};
	static const char *const drift[] = {"enforce", "report"};
	static const char *const removal[] = {"restore", "keep"};

	buf_add(out, "entry %s: reload %s, drift %s, on_removal %s", e->name, reload[e->reload],
		drift[e->drift], removal[e->on_removal]);
	dump_mark(out, e->mark);
	dump_matches(out, &e->matches, "  ");
	vec_each(l, &e->layers) {
		buf_add(out, "  layer %s\n", l->preset ? l->preset : "(own)");
		dump_matches(out, &l->matches, "    ");
		dump_firmware(out, l->firmware);
		vec_each(w, &l->wishes)
			dump_wish(out, w);
	}
}

static void dump_config(struct buf *out, const struct config *c)
{
	vec_each(f, &c->files)
		buf_add(out, "file %s\n", f->path);
	buf_add(out, "audit_interval %" PRIu64 " ms, settle_timeout %" PRIu64 " ms\n",
		c->audit_interval / 1000, c->settle_timeout / 1000);
	vec_each(e, &c->entries)
		dump_entry(out, e);
}

/* ---- files ---- */

static void make_dirs(const char *path)
{
	_cleanup_free_ char *copy = mem_strdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
}

static void write_bytes(const char *root, const char *name, const void *bytes, size_t n)
{
	_cleanup_free_ char *path = mem_printf("%s%s", root, name);
	FILE *f;

	make_dirs(path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void write_text(const char *root, const char *name, const char *text)
{
	write_bytes(root, name, text, strlen(text));
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);

	if (d) {
		for (struct dirent *e = readdir(d); e; e = readdir(d)) {
			_cleanup_free_ char *child = mem_printf("%s/%s", path, e->d_name);

			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
				remove_tree(child);
		}
		closedir(d);
	}
	remove(path);
}

static char *replace_all(const char *text, const char *what)
{
	struct buf out = {};
	size_t n = strlen(what);

	for (const char *hit = strstr(text, what); hit; hit = strstr(text, what)) {
		buf_add(&out, "%.*s", (int)(hit - text), text);
		text = hit + n;
	}
	buf_add(&out, "%s", text);
	return buf_take(&out);
}

/* ---- cases that are made ---- */

#define MAIN "/etc/carved/carved.yaml"

static void make_nul_byte(const char *root)
{
	static const char text[] = "version: 1\ndevices:\n  le\0af:\n    reload: auto\n";

	write_bytes(root, MAIN, text, sizeof(text) - 1);
}

static void make_not_utf8(const char *root)
{
	write_text(root, MAIN, "version: 1\ndevices: {}   # na\xc3\xafve: \xef\xbf\xbd caf\xe9\n");
	write_text(root, "/etc/carved/carved.d/10-utf16.yaml", "\xff\xfev\n");
	write_text(root, "/etc/carved/carved.d/20-overlong.yaml", "a: \xc0\xaf\n");
	write_text(root, "/etc/carved/carved.d/30-surrogate.yaml", "a: \xed\xa0\x80\n");
	write_text(root, "/etc/carved/carved.d/40-beyond.yaml", "a: \xf4\x90\x80\x80\n");
	write_text(root, "/etc/carved/carved.d/50-cut-off.yaml", "a: \xe2\x82");
	write_text(root, "/etc/carved/carved.d/caf\xe9.yaml", "");
	write_text(root, "/etc/carved/carved.d/caf\xe8.yaml", "{}\n");
}

static void make_control_characters(const char *root)
{
	write_text(root, MAIN, "version: 1\ndevices: \x1b[31m{}\n");
	write_text(root, "/etc/carved/carved.d/10-delete.yaml", "version: 1\x7f\n");
	write_text(root, "/etc/carved/carved.d/20-next-line.yaml", "version: 1 # \xc2\x85x\n");
	write_text(root, "/etc/carved/carved.d/30-separator.yaml", "version: 1 # \xe2\x80\xa8x\n");
	write_text(root, "/etc/carved/carved.d/40-return.yaml", "version: 1\rdevices: {}\n");
	write_text(root, "/etc/carved/carved.d/50-mark-inside.yaml", "version: 1 # \xef\xbb\xbf\n");
	write_text(root, "/etc/carved/carved.d/60-right-to-left.yaml",
		   "version: 1 # \xe2\x80\xae\n");
}

static void make_too_large(const char *root)
{
	char *bytes = mem_alloc(1024 * 1024 + 1);

	memset(bytes, '#', 1024 * 1024 + 1);
	write_bytes(root, MAIN, bytes, 1024 * 1024 + 1);
	memcpy(bytes, "version: 1\n", 11);
	write_bytes(root, "/etc/carved/carved.d/just-fits.yaml", bytes, 1024 * 1024);
	free(bytes);
}

static void make_not_a_file(const char *root)
{
	_cleanup_free_ char *fifo = mem_printf("%s/etc/carved/carved.d/fifo.yaml", root);
	_cleanup_free_ char *dangling = mem_printf("%s/etc/carved/carved.d/dangling.yaml", root);

	write_text(root, MAIN "/x", "");
	write_text(root, "/etc/carved/carved.d/dir.yaml/x", "");
	write_text(root, "/etc/carved/carved.d/two\nlines.yaml", "version: 1\n");
	write_text(root, "/run/carved/carved.d", "");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("nowhere.yaml", dangling), 0);
}

static void make_masked_by_link(const char *root)
{
	_cleanup_free_ char *dropin = mem_printf("%s/etc/carved/carved.d/10-a.yaml", root);
	_cleanup_free_ char *preset = mem_printf("%s/etc/carved/presets/p.yaml", root);

	write_text(root, MAIN, "version: 1\npresets: [p, q]\n");
	write_text(root, "/usr/lib/carved/carved.d/10-a.yaml", "broken: [\n");
	write_text(root, "/usr/share/carved/presets/p.yaml", "params: {x: 1}\n");
	write_text(root, "/usr/share/carved/presets/q.yaml", "params: {x: 1}\n");
	write_text(root, "/run/carved/presets/q.yaml", "");
	write_text(root, "/etc/carved/carved.d/x", "");
	write_text(root, "/etc/carved/presets/x", "");
	assert_int_equal(symlink("/dev/null", dropin), 0);
	assert_int_equal(symlink("/dev/null", preset), 0);
}

static void make_main_is_null(const char *root)
{
	_cleanup_free_ char *path = mem_printf("%s" MAIN, root);

	write_text(root, "/etc/carved/carved.d/10-a.yaml", "devices: {a/b: {}}\n");
	assert_int_equal(symlink("/dev/null", path), 0);
}

static void make_main_is_dangling(const char *root)
{
	_cleanup_free_ char *path = mem_printf("%s" MAIN, root);

	write_text(root, "/etc/carved/carved.d/10-a.yaml", "devices: {a/b: {}}\n");
	assert_int_equal(symlink("/nowhere/carved.yaml", path), 0);
}

static void make_directory_is_dangling(const char *root)
{
	_cleanup_free_ char *dropins = mem_printf("%s/run/carved", root);
	_cleanup_free_ char *presets = mem_printf("%s/etc/carved/presets", root);

	write_text(root, MAIN, "version: 1\n");
	write_text(root, "/run/x", "");
	assert_int_equal(symlink("not-mounted", dropins), 0);
	assert_int_equal(symlink("/nowhere", presets), 0);
}

static void make_not_trusted(const char *root)
{
	_cleanup_free_ char *path = mem_printf("%s" MAIN, root);
	_cleanup_free_ char *dir = mem_printf("%s/etc/carved/carved.d", root);

	write_text(root, MAIN, "version: 1\n");
	write_text(root, "/etc/carved/carved.d/10-a.yaml", "devices: {a/b: {}}\n");
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(dir, 0775), 0);
}

static void make_byte_order_mark(const char *root)
{
	write_text(root, MAIN, "\xef\xbb\xbfversion: 1\r\ndevices:\r\n  a/b: {reload: manual}\r\n");
	write_text(root, "/etc/carved/carved.d/only-mark.yaml", "\xef\xbb\xbf");
}

static void make_long_line(const char *root)
{
	struct buf b = {};

	buf_add(&b, "version: 1\ndevices: {a/b: {params: {");
	for (int i = 0; i < 100; i++)
		buf_add(&b, "p%d: 1, ", i);
	buf_add(&b, "wrong: 0x1, ");
	for (int i = 100; i < 200; i++)
		buf_add(&b, "p%d: 1, ", i);
	buf_add(&b, "}}}\n%0400d: 1\n", 7);
	write_text(root, MAIN, b.s);
	buf_clear(&b);
}

static const struct {
	const char *name;
	void (*make)(const char *root);
} makers[] = {
	{"not-trusted", make_not_trusted},
	{"byte-order-mark", make_byte_order_mark},
	{"control-characters", make_control_characters},
	{"directory-is-dangling", make_directory_is_dangling},
	{"long-line", make_long_line},
	{"main-is-dangling", make_main_is_dangling},
	{"main-is-null", make_main_is_null},
	{"masked-by-link", make_masked_by_link},
	{"not-a-file", make_not_a_file},
	{"not-utf8", make_not_utf8},
	{"nul-byte", make_nul_byte},
	{"too-large", make_too_large},
};

/* ---- running a case ---- */

static char *golden_dir(void)
{
	const char *srcdir = getenv("srcdir");

	return mem_printf("%s/%s", srcdir ? srcdir : ".", GOLDEN);
}

/* The files that a case wants to be gone: a line each in its file "without". */
static void take_without(const char *root, struct overlay *ret)
{
	_cleanup_free_ char *list = mem_printf("%s/without", root), *lines = NULL;
	char *rest, *line;

	if (access(list, F_OK) < 0)
		return;
	lines = golden_read(list);
	rest = lines;
	while ((line = strsep(&rest, "\n")) && *line) {
		_cleanup_free_ char *path = mem_printf("%s%s", root, line);

		overlay_add(ret, path, NULL);
	}
}

/* What loading the tree under @root gives, as text without @root. */
static char *load_as_text(const char *root, bool trusted_only)
{
	_cleanup_free_ char *file = mem_printf("%s/carved.yaml", root), *text = NULL, *all = NULL;
	_cleanup_config_ struct config *c = NULL;
	struct overlay overlay = {};
	struct yaml_paths paths = {.root = root,
				   .file = access(file, F_OK) == 0 ? file : NULL,
				   .trusted_only = trusted_only,
				   .overlay = &overlay};
	struct diag_list diags = {};
	struct buf out = {};
	int r;

	take_without(root, &overlay);
	r = yaml_load(&paths, &c, &diags);
	overlay_clear(&overlay);
	assert_int_equal(r, diags.n_errors ? -EINVAL : 0);
	assert_int_equal(c != NULL, r == 0);
	text = diag_render_all(&diags);
	buf_add(&out, "%s", text);
	if (c)
		dump_config(&out, c);
	diag_clear(&diags);
	all = buf_take(&out);
	return replace_all(all, root);
}

static bool check_case(const char *dir, const char *name)
{
	_cleanup_free_ char *home = mem_printf("%s/%s", dir, name), *wanted = NULL, *got = NULL;
	_cleanup_free_ char *expected = mem_printf("%s/expected", home);
	char made[] = "/tmp/carved-test-XXXXXX";
	const char *root = home;

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		if (strcmp(makers[i].name, name) == 0) {
			assert_non_null(mkdtemp(made));
			makers[i].make(made);
			root = made;
		}
	}
	got = load_as_text(root, root == made); /* a checkout may be anybody's */
	if (root == made)
		remove_tree(made);
	if (getenv("UPDATE_GOLDEN"))
		write_text("", expected, got);
	wanted = golden_read(expected);
	if (strcmp(wanted, got) == 0)
		return true;
	print_error("%s: expected:\n%s%s: got:\n%s", name, wanted, name, got);
	return false;
}

static void test_golden(void **state)
{
	_cleanup_free_ char *dir = golden_dir();
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort), bad = 0, run = 0;

	(void)state;
	assert_true(n > 2);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = mem_printf("%s/%s", dir, names[i]->d_name);
		struct stat st;

		if (names[i]->d_name[0] != '.' && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			bad += !check_case(dir, names[i]->d_name);
			run++;
		}
		free(names[i]);
	}
	free(names);
	print_message("%d cases, %d bad\n", run, bad);
	assert_true(run >= (int)ARRAY_SIZE(makers));
	assert_int_equal(bad, 0);
}

/* ---- what goldens do not show ---- */

struct loaded {
	struct config *config;
	struct diag_list diags;
};

/* Loads a text as with -c. */
static struct loaded load_text(const char *text)
{
	char path[32];
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct loaded l = {};

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	yaml_load(&(struct yaml_paths){.root = "/nowhere", .file = path}, &l.config, &l.diags);
	close(fd);
	return l;
}

static void loaded_clear(struct loaded *l)
{
	config_unref(l->config);
	diag_clear(&l->diags);
}

/* A wish brings the line for the caret and the place of its object. */
static void test_source_lines(void **state)
{
	struct loaded l =
		load_text("version: 1\ndevices:\n  a/b:\n    traps: {t: drop, u: trap}\n");
	const struct wish *w;

	(void)state;
	assert_non_null(l.config);
	w = l.config->entries.v[0].layers.v[0].wishes.v;
	assert_string_equal(w[0].source, "    traps: {t: drop, u: trap}\n");
	assert_ptr_equal(w[0].source, w[1].source);
	assert_int_equal(w[1].object_mark.column, 22);
	assert_int_equal(w[1].mark.column, 25);
	assert_ptr_equal(w[0].object_source, w[0].source);
	assert_string_equal(l.config->entries.v[0].source,
			    "  a/b:\n    traps: {t: drop, u: trap}\n");
	loaded_clear(&l);
}

/* Other programs reckon the same: of "PATH\\0BYTES\\0", for each file. */
static void test_hash(void **state)
{
	char root[] = "/tmp/carved-test-XXXXXX";
	struct diag_list diags = {};
	struct config *c = NULL;

	(void)state;
	assert_non_null(mkdtemp(root));
	write_text(root, MAIN, "version: 1\n");
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = root}, &c, &diags), 0);
	assert_true(c->hash == UINT64_C(0xc88a2217d65a50ed));
	assert_true(c->hash_before == UINT64_C(0x19c96736dcd72d44));
	config_unref(c);
	remove_tree(root);
}

/* More than 20 are counted; the first 20 of a file are the ones that are shown. */
static void test_many_errors(void **state)
{
	struct buf b = {};
	struct loaded l;

	(void)state;
	buf_add(&b, "version: 1\ndevices: {a/b: {traps: {\n");
	for (int i = 0; i < 5000; i++)
		buf_add(&b, "  t%d: nonsense,\n", i);
	buf_add(&b, "}}}\n");
	l = load_text(b.s);
	assert_null(l.config);
	assert_int_equal(l.diags.n_errors, 5000);
	assert_int_equal(l.diags.n_dropped, 5000 - DIAG_MAX);
	assert_int_equal(l.diags.diags.v[DIAG_MAX - 1].mark.line, 2 + DIAG_MAX);
	buf_clear(&b);
	loaded_clear(&l);
}

static void test_errors_of_caller_are_kept(void **state)
{
	struct config *c = NULL;
	struct diag_list diags = {};

	(void)state;
	diag_add(&diags, DIAG_ERROR, (struct mark){}, NULL, NULL, "another problem");
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = "/nowhere"}, &c, &diags), 0);
	assert_non_null(c);
	assert_int_equal(c->entries.n, 0);
	assert_int_equal(diags.n_errors, 1);
	config_unref(c);
	diag_clear(&diags);
}

/* Root reads what it likes, so this is seen by other users only. */
static void test_no_permission(void **state)
{
	char root[] = "/tmp/carved-test-XXXXXX";
	_cleanup_free_ char *path = NULL;
	struct config *c = NULL;
	struct diag_list diags = {};
	uid_t user = geteuid();

	(void)state;
	assert_non_null(mkdtemp(root));
	path = mem_printf("%s" MAIN, root);
	write_text(root, MAIN, "version: 1\n");
	chmod(path, 0);
	chmod(root, 0755);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = root}, &c, &diags), -EINVAL);
	if (user == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(diags.n_errors, 1);
	assert_string_equal(diags.diags.v[0].message, "cannot read the file: Permission denied");
	assert_string_equal(diags.diags.v[0].mark.file, path);
	diag_clear(&diags);
	remove_tree(root);
}

#define DROPINS "/etc/carved/carved.d"

/* What the daemon says of a tree in which @name got @mode, or another owner where that is 0. */
static char *load_trusted(const char *root, const char *name, mode_t mode)
{
	struct yaml_paths paths = {.root = root, .trusted_only = true};
	_cleanup_free_ char *path = mem_printf("%s%s", root, name);
	struct config *c = NULL;
	struct diag_list diags = {};
	struct stat st;
	char *text;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(mode ? chmod(path, mode) : chown(path, 65534, 65534), 0);
	yaml_load(&paths, &c, &diags);
	assert_int_equal(mode ? chmod(path, st.st_mode) : chown(path, st.st_uid, st.st_gid), 0);
	text = diags.n_errors ? mem_printf("%s: %s", text_below(diags.diags.v[0].mark.file, root),
					   diags.diags.v[0].message)
			      : mem_strdup("good");
	diag_clear(&diags);
	config_unref(c);
	return text;
}

/* Who may change a file that counts, or the way to it, decides over the switch. */
static void test_trusted(void **state)
{
	static const struct {
		const char *name;
		mode_t mode; /* 0: another owner */
		const char *said;
	} cases[] = {
		{MAIN, 0644, "good"},
		{MAIN, 0600, "good"},
		{MAIN, 0666, MAIN ": not read, as " MAIN " is writable by others than root"},
		{MAIN, 0664, MAIN ": not read, as " MAIN " is writable by others than root"},
		{MAIN, 0, MAIN ": not read, as " MAIN " does not belong to root"},
		{DROPINS "/a.yaml", 0646,
		 DROPINS "/a.yaml: not read, as " DROPINS "/a.yaml is writable"},
		{DROPINS "/a.yaml", 0, DROPINS "/a.yaml: not read, as " DROPINS "/a.yaml does not"},
		{DROPINS, 0777,
		 DROPINS ": not read, as " DROPINS " is writable by others than root"},
		{DROPINS, 0, DROPINS ": not read, as " DROPINS " does not belong to root"},
		{"/etc/carved", 01777, DROPINS ": not read, as /etc/carved is writable"},
		{"/usr/share/carved/presets/p.yaml", 0666,
		 "/usr/share/carved/presets/p.yaml: not read, as /usr/share/carved/presets/p.yaml"},
		{"/usr/share/carved/presets/unused.yaml", 0666, "good"},
		{"/elsewhere/b.yaml", 0666,
		 DROPINS "/b.yaml: not read, as /elsewhere/b.yaml is writable"},
		{"/elsewhere", 0777, DROPINS "/b.yaml: not read, as /elsewhere is writable"},
	};
	char root[] = "/tmp/carved-test-XXXXXX";
	_cleanup_free_ char *dropin = NULL;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	assert_non_null(mkdtemp(root));
	dropin = mem_printf("%s" DROPINS "/b.yaml", root);
	write_text(root, MAIN, "version: 1\npresets: [p]\n");
	write_text(root, DROPINS "/a.yaml", "devices: {a/b: {}}\n");
	write_text(root, "/elsewhere/b.yaml", "devices: {a/c: {}}\n");
	write_text(root, "/usr/share/carved/presets/p.yaml", "params: {x: 1}\n");
	write_text(root, "/usr/share/carved/presets/unused.yaml", "params: {x: 1}\n");
	assert_int_equal(symlink("../../../elsewhere/b.yaml", dropin), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *said = load_trusted(root, cases[i].name, cases[i].mode);

		if (strncmp(said, cases[i].said, strlen(cases[i].said)) != 0)
			fail_msg("%s %o: %s", cases[i].name, cases[i].mode, said);
	}
	remove_tree(root);
}

/* A config from a pipe, as a shell's <(...) gives it. */
static void test_pipe(void **state)
{
	static const char text[] = "version: 1\ndevices: {a/b: {}}\n";
	struct config *c = NULL;
	struct diag_list diags = {};
	char path[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, sizeof(text) - 1), sizeof(text) - 1);
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(yaml_load(&(struct yaml_paths){.file = path}, &c, &diags), 0);
	assert_int_equal(c->entries.n, 1);
	close(fds[0]);
	config_unref(c);
	diag_clear(&diags);
}

/* What is shipped is valid: the default says nothing, the example and all presets load. */
static void test_shipped(void **state)
{
	const char *srcdir = getenv("srcdir") ? getenv("srcdir") : ".";
	_cleanup_free_ char *conf = mem_printf("%s/conf", srcdir), *top = realpath(conf, NULL);
	_cleanup_free_ char *presets = mem_printf("%s/presets", top), *link = NULL;
	_cleanup_free_ char *empty = mem_printf("%s/carved.yaml", top);
	_cleanup_free_ char *leaf = mem_printf("%s/examples/leaf.yaml", top);
	char root[] = "/tmp/carved-test-XXXXXX";
	struct config *c = NULL;
	struct diag_list diags = {};

	(void)state;
	assert_non_null(mkdtemp(root));
	link = mem_printf("%s/usr/share/carved/presets", root);
	make_dirs(link);
	assert_int_equal(symlink(presets, link), 0);
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = root, .file = empty}, &c, &diags),
			 0);
	assert_int_equal(c->entries.n, 0);
	config_unref(TAKE(c));
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = root, .file = leaf}, &c, &diags),
			 0);
	assert_int_equal(c->entries.v[0].layers.n, 3);
	config_unref(TAKE(c));
	write_text(root, MAIN,
		   "version: 1\ndevices:\n  a/b: {presets: [spectrum1-default, "
		   "spectrum1-scale, spectrum1-ipv4-max, copp-baseline]}\n");
	assert_int_equal(yaml_load(&(struct yaml_paths){.root = root}, &c, &diags), 0);
	assert_int_equal(c->entries.v[0].layers.n, 5);
	config_unref(c);
	unlink(link);
	remove_tree(root);
}

static void test_firmware_merge(void **state)
{
	struct mark mark = {"f", 1, 1};
	struct firmware_wish sum = {}, low = {.mark = mark}, high = {.mark = mark};

	(void)state;
	low.v[FIRMWARE_VERSION].text = "1.0";
	low.v[FIRMWARE_FILE].text = "old";
	low.v[FIRMWARE_VERSION].mark = low.v[FIRMWARE_FILE].mark = mark;
	high.v[FIRMWARE_VERSION].text = "2.0";
	high.v[FIRMWARE_VERSION].mark = high.v[FIRMWARE_FILE].mark = mark;
	firmware_merge(&sum, &low);
	firmware_merge(&sum, NULL);
	firmware_merge(&sum, &high);
	assert_string_equal(sum.v[FIRMWARE_VERSION].text, "2.0");
	assert_null(sum.v[FIRMWARE_FILE].text);
	high = (struct firmware_wish){.mark = mark, .cleared = true};
	firmware_merge(&sum, &high);
	assert_null(sum.mark.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_source_lines),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_errors_of_caller_are_kept),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_trusted),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_firmware_merge),
	};

	umask(022);
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
