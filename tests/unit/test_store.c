// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a power cut leaves: files are on disk before they have their name, and names before it is
 * said that they are saved. fsync(2), renameat(2) and linkat(2) are this file's.
 */
#include "base/text.h"
#include "store/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

int __real_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);

static struct buf done;	    /* what was asked of the kernel, in order */
static const char *failing; /* this ends with EIO */

/* The last part of the path of @fd. */
static char *name_of(int fd)
{
	_cleanup_free_ char *link = mem_printf("/proc/self/fd/%d", fd);
	char path[4096];
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	assert_true(n > 0);
	path[n] = '\0';
	return mem_strdup(strrchr(path, '/') + 1);
}

static bool fails(char *what)
{
	_cleanup_free_ char *text = what;

	buf_add(&done, "%s\n", text);
	errno = EIO;
	return text_equal(text, failing);
}

int __wrap_fsync(int fd)
{
	_cleanup_free_ char *name = name_of(fd);

	return fails(mem_printf("fsync %s", name)) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails(mem_printf("rename %s %s", from, to))
		       ? -1
		       : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return fails(mem_printf("link %s %s", from, to))
		       ? -1
		       : __real_linkat(from_dir, from, to_dir, to, flags);
}

static void expect_done(const char *wanted)
{
	assert_string_equal(done.s ? done.s : "", wanted);
	buf_clear(&done);
}

struct folder {
	char path[32];
	struct store store;
	char *state, *runtime;
};

static void folder_open(struct folder *f)
{
	*f = (struct folder){.path = "/tmp/carved-store-XXXXXX"};
	assert_non_null(mkdtemp(f->path));
	f->state = mem_printf("%s/state", f->path);
	f->runtime = mem_printf("%s/runtime", f->path);
	f->store = (struct store){.state_dir = f->state,
				  .runtime_dir = f->runtime,
				  .config_root = "",
				  .lock_fd = -1,
				  .former_lock_fd = -1};
	assert_int_equal(store_open(&f->store), 0);
	buf_clear(&done);
}

static void folder_close(struct folder *f)
{
	_cleanup_free_ char *command = mem_printf("rm -r %s", f->path);

	store_close(&f->store);
	assert_int_equal(system(command), 0);
	free(f->state);
	free(f->runtime);
	buf_clear(&done);
	failing = NULL;
}

static void test_order(void **state)
{
	struct folder f;

	(void)state;
	folder_open(&f);
	assert_int_equal(file_save(f.store.state_fd, "devices/a.json", "text", true), 0);
	expect_done("fsync a.json.new\nrename a.json.new a.json\nfsync devices\n");
	assert_int_equal(file_link(f.store.state_fd, "devices/a.json", "configs/b.json", "text"),
			 0);
	expect_done("link a.json b.json\nfsync configs\n");
	assert_int_equal(file_link(f.store.state_fd, "devices/a.json", "configs/b.json", "text"),
			 0);
	expect_done("link a.json b.json\n");
	assert_int_equal(file_link(f.store.state_fd, "devices/a.json", "configs/b.json", "more"),
			 0);
	expect_done("link a.json b.json\nfsync b.json.new\nrename b.json.new b.json\n"
		    "fsync configs\n");
	folder_close(&f);
}

/* What a reboot ends does not wait for a disk. */
static void test_order_in_memory(void **state)
{
	struct folder f;

	(void)state;
	folder_open(&f);
	assert_int_equal(file_save(f.store.runtime_fd, "devices/a.json", "text", false), 0);
	expect_done("rename a.json.new a.json\n");
	folder_close(&f);
}

/* What is there already is not written again: not one fsync(2) at each event. */
static void test_nothing_new(void **state)
{
	struct folder f;

	(void)state;
	folder_open(&f);
	assert_int_equal(file_save(f.store.runtime_fd, "devices/a.json", "text", true), 0);
	buf_clear(&done);
	assert_int_equal(file_save(f.store.runtime_fd, "devices/a.json", "text", true), 0);
	expect_done("");
	assert_int_equal(file_save(f.store.runtime_fd, "devices/a.json", "tex", true), 0);
	expect_done("fsync a.json.new\nrename a.json.new a.json\nfsync devices\n");
	folder_close(&f);
}

/* What is not on disk is not said to be, and has not got the name. */
static void test_failures(void **state)
{
	static const char *const steps[] = {"fsync a.json.new", "rename a.json.new a.json",
					    "fsync devices"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_free_ char *command = NULL;
		struct folder f;

		folder_open(&f);
		assert_int_equal(file_save(f.store.state_fd, "devices/a.json", "before", true), 0);
		failing = steps[i];
		assert_int_equal(file_save(f.store.state_fd, "devices/a.json", "after", true),
				 -EIO);
		command = mem_printf("test \"$(cd %s/devices && echo * && cat a.json)\" = "
				     "\"a.json\n%s\"",
				     f.state, i < 2 ? "before" : "after");
		assert_int_equal(system(command), 0);
		folder_close(&f);
	}
}

/* Those that were written or touched last stay, whatever their names are and in which second. */
static void test_newest_kept(void **state)
{
	static const struct timespec oldest = {1000, 900000000}, middle = {2000, 1},
				     newest = {2000, 2};
	static const struct {
		const char *name;
		const struct timespec *at;
	} files[] = {{"devices/b.json", &newest},
		     {"devices/a.json", &oldest},
		     {"devices/c.json", &middle}};
	struct folder f;
	int fd;

	(void)state;
	folder_open(&f);
	fd = f.store.state_fd;
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		const struct timespec times[] = {*files[i].at, *files[i].at};

		assert_int_equal(file_save(fd, files[i].name, "text", true), 0);
		assert_int_equal(utimensat(fd, files[i].name, times, 0), 0);
	}
	file_keep_newest(fd, "devices", 3);
	assert_true(file_exists(fd, "devices/a.json"));
	file_keep_newest(fd, "devices", 2);
	assert_false(file_exists(fd, "devices/a.json"));
	assert_true(file_exists(fd, "devices/c.json"));
	file_keep_newest(fd, "devices", 1);
	assert_false(file_exists(fd, "devices/c.json"));
	assert_true(file_exists(fd, "devices/b.json"));
	file_save(fd, "devices/a.json", "text", true);
	assert_int_equal(utimensat(fd, "devices/b.json", (struct timespec[]){oldest, oldest}, 0),
			 0);
	file_touch(fd, "devices/b.json");
	assert_int_equal(utimensat(fd, "devices/a.json", (struct timespec[]){middle, middle}, 0),
			 0);
	file_keep_newest(fd, "devices", 1);
	assert_true(file_exists(fd, "devices/b.json"));
	folder_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_order_in_memory),
		cmocka_unit_test(test_nothing_new), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_newest_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
