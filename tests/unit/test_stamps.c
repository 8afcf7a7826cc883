// SPDX-License-Identifier: GPL-2.0-or-later
/* Every way in which config files can become others shows without reading them. */
#include "base/clock.h"
#include "base/text.h"
#include "yaml/stamps.h"
#include "yaml/yaml.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAIN   "etc/carved/carved.yaml"
#define DROPIN "etc/carved/carved.d/a.yaml"
#define PRESET "usr/share/carved/presets/p.yaml"

struct tree {
	char root[40];
	int fd;
	struct yaml_paths paths;
	stamp_list before;
};

static void put(struct tree *t, const char *name, const char *text)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int make_tree(void **state)
{
	static const char *const dirs[] = {
		"etc",	     "etc/carved",	 "etc/carved/carved.d",	    "usr",
		"usr/share", "usr/share/carved", "usr/share/carved/presets"};
	struct tree *t = mem_new(struct tree);

	strcpy(t->root, "/tmp/test_stamps.XXXXXX");
	assert_non_null(mkdtemp(t->root));
	t->fd = open(t->root, O_RDONLY | O_DIRECTORY);
	t->paths.root = t->root;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_int_equal(mkdirat(t->fd, dirs[i], 0755), 0);
	put(t, MAIN, "version: 1\n");
	put(t, DROPIN, "devices: {}\n");
	put(t, PRESET, "traps: {}\n");
	stamps_take(&t->paths, &t->before);
	usleep(20 * 1000); /* the kernel's clock of files moves on: several of its ticks */
	*state = t;
	return 0;
}

static int remove_tree(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *command = mem_printf("rm -rf %s", t->root);

	stamps_clear(&t->before);
	close(t->fd);
	free(t);
	return system(command);
}

static bool is_same(struct tree *t)
{
	stamp_list now = {};
	bool same;

	stamps_take(&t->paths, &now);
	same = stamps_same(&t->before, &now);
	stamps_clear(&now);
	return same;
}

static void test_nothing_changed(void **state)
{
	struct tree *t = *state;

	assert_true(t->before.n >= 6 + 3);
	assert_true(is_same(t));
	put(t, "etc/carved/other", "no config file");
	assert_true(is_same(t));
}

static void test_same_size(void **state)
{
	put(*state, MAIN, "version: 2\n");
	assert_false(is_same(*state));
}

static void test_dropin(void **state)
{
	put(*state, DROPIN, "devices: []\n");
	assert_false(is_same(*state));
}

static void test_preset(void **state)
{
	put(*state, PRESET, "traps: []\n");
	assert_false(is_same(*state));
}

static void test_new_file(void **state)
{
	put(*state, "etc/carved/carved.d/b.yaml", "");
	assert_false(is_same(*state));
}

static void test_removed_file(void **state)
{
	struct tree *t = *state;

	assert_int_equal(unlinkat(t->fd, DROPIN, 0), 0);
	assert_false(is_same(t));
}

static void test_removed_main_file(void **state)
{
	struct tree *t = *state;

	assert_int_equal(unlinkat(t->fd, MAIN, 0), 0);
	assert_false(is_same(t));
}

/* An editor's way, with the old times put back as cp -p does. */
static void test_replaced_file(void **state)
{
	struct tree *t = *state;
	struct stat st;

	assert_int_equal(fstatat(t->fd, MAIN, &st, 0), 0);
	put(t, "etc/carved/new", "version: 2\n");
	assert_int_equal(
		utimensat(t->fd, "etc/carved/new", (struct timespec[]){st.st_atim, st.st_mtim}, 0),
		0);
	assert_int_equal(renameat(t->fd, "etc/carved/new", t->fd, MAIN), 0);
	assert_false(is_same(t));
}

static void test_unreadable(void **state)
{
	struct tree *t = *state;

	assert_int_equal(fchmodat(t->fd, DROPIN, 0, 0), 0);
	assert_false(is_same(t));
}

static void test_new_directory(void **state)
{
	struct tree *t = *state;

	assert_int_equal(mkdirat(t->fd, "etc/carved/presets", 0755), 0);
	assert_false(is_same(t));
}

/* With a file that is named drop-ins are not looked at, presets are. */
static void test_named_file(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *file = mem_printf("%s/" MAIN, t->root);

	t->paths.file = file;
	stamps_clear(&t->before);
	stamps_take(&t->paths, &t->before);
	put(t, DROPIN, "devices: []\n");
	assert_true(is_same(t));
	put(t, PRESET, "traps: []\n");
	assert_false(is_same(t));
}

static void test_settled(void **state)
{
	struct tree *t = *state;
	uint64_t now = clock_wall();

	assert_false(stamps_settled(&t->before, now));
	assert_true(stamps_settled(&t->before, now + 5 * USEC_PER_SEC));
	assert_false(stamps_settled(&t->before, now - 5 * USEC_PER_SEC));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_changed), TEST(test_same_size),	  TEST(test_dropin),
		TEST(test_preset),	    TEST(test_new_file),	  TEST(test_removed_file),
		TEST(test_replaced_file),   TEST(test_removed_main_file), TEST(test_unreadable),
		TEST(test_new_directory),   TEST(test_named_file),	  TEST(test_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
