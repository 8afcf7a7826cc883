// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding firmware images in a tree of the test's own. Digests are published ones, of "abc" and of
 * a million times "a". Runs as root and as anybody.
 */
#include "kernel/image.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define ABC	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

#define PARAMETER "/sys/module/firmware_class/parameters/path"

struct rig {
	char prefix[64];
	char release[96];
	struct image_tree tree;
};

static char *under(const struct rig *r, const char *path)
{
	return mem_printf("%s%s", r->prefix, path);
}

static int set_up(void **state)
{
	struct rig *r = mem_new(struct rig);
	struct utsname u;

	uname(&u);
	snprintf(r->release, sizeof(r->release), "%s", u.release);
	strcpy(r->prefix, "/tmp/carved-image-XXXXXX");
	assert_non_null(mkdtemp(r->prefix));
	r->tree = (struct image_tree){r->prefix, geteuid()};
	*state = r;
	return 0;
}

static int drop(const char *path, const struct stat *st _unused_, int type _unused_,
		struct FTW *ftw _unused_)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	nftw(r->prefix, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(r);
	return 0;
}

static void make_directories(const struct rig *r, const char *path)
{
	_cleanup_free_ char *copy = under(r, path);

	for (char *p = strchr(copy + strlen(r->prefix) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		assert_true(mkdir(copy, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

static void put(const struct rig *r, const char *path, const void *data, size_t n)
{
	_cleanup_free_ char *full = under(r, path);
	FILE *f;

	make_directories(r, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void put_text(const struct rig *r, const char *path, const char *text)
{
	put(r, path, text, strlen(text));
}

static void put_xz(const struct rig *r, const char *path, const void *data, size_t n)
{
	size_t room = lzma_stream_buffer_bound(n), len = 0;
	_cleanup_free_ uint8_t *packed = mem_alloc(room);

	assert_int_equal(
		lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, n, packed, &len, room),
		LZMA_OK);
	put(r, path, packed, len);
}

static void put_zstd(const struct rig *r, const char *path, const void *data, size_t n)
{
	size_t room = ZSTD_compressBound(n);
	_cleanup_free_ char *packed = mem_alloc(room);
	size_t len = ZSTD_compress(packed, room, data, n, 1);

	assert_false(ZSTD_isError(len));
	put(r, path, packed, len);
}

static void put_link(const struct rig *r, const char *path, const char *target)
{
	_cleanup_free_ char *full = under(r, path);

	make_directories(r, path);
	assert_int_equal(symlink(target, full), 0);
}

static void set_mode(const struct rig *r, const char *path, mode_t mode)
{
	_cleanup_free_ char *full = under(r, path);

	assert_int_equal(chmod(full, mode), 0);
}

static void take_away(const struct rig *r, const char *path)
{
	_cleanup_free_ char *full = under(r, path);

	assert_int_equal(remove(full), 0);
}

static void check_found(const struct rig *r, const char *name, const char *path, const char *sha256,
			uint64_t size)
{
	_cleanup_free_ char *why = NULL;
	struct image image;
	int error = image_find(&r->tree, name, &image, &why);

	if (error < 0)
		fail_msg("%s: %d, %s", name, error, why);
	assert_null(why);
	assert_string_equal(image.path, path);
	assert_string_equal(image.sha256, sha256);
	assert_int_equal(image.size, size);
	image_clear(&image);
	assert_null(image.path);
}

static void check_refused(const struct rig *r, const char *name, int error, const char *words)
{
	_cleanup_free_ char *why = NULL;
	struct image image = {};

	assert_int_equal(image_find(&r->tree, name, &image, &why), error);
	assert_non_null(why);
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
	assert_null(image.path);
}

/* ---- where the kernel looks ---- */

/* All directories for the plain name before any for a packed one. */
static void test_order(void **state)
{
	struct rig *r = *state;
	char *places[15];
	size_t n = 0;

	put_text(r, PARAMETER, "/srv/firmware\n");
	for (int packing = 0; packing < 3; packing++) {
		static const char *const suffixes[] = {"", ".zst", ".xz"};
		const char *s = suffixes[packing];

		places[n++] = mem_printf("/srv/firmware/a/b.bin%s", s);
		places[n++] = mem_printf("/lib/firmware/updates/%s/a/b.bin%s", r->release, s);
		places[n++] = mem_printf("/lib/firmware/updates/a/b.bin%s", s);
		places[n++] = mem_printf("/lib/firmware/%s/a/b.bin%s", r->release, s);
		places[n++] = mem_printf("/lib/firmware/a/b.bin%s", s);
	}
	for (size_t i = 0; i < 5; i++)
		put_text(r, places[i], "abc");
	for (size_t i = 5; i < 10; i++)
		put_zstd(r, places[i], "abc", 3);
	for (size_t i = 10; i < 15; i++)
		put_xz(r, places[i], "abc", 3);
	for (size_t i = 0; i < 15; i++) {
		check_found(r, "a/b.bin", places[i], ABC, 3);
		take_away(r, places[i]);
		free(places[i]);
	}
	check_refused(r, "a/b.bin", -ENOENT, "no firmware file a/b.bin");
}

static void test_parameter(void **state)
{
	struct rig *r = *state;

	put_text(r, "/lib/firmware/x", "abc");
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	put_text(r, PARAMETER, "\n");
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	put_text(r, "/srv/x", "abc");
	put_text(r, PARAMETER, "srv\n");
	check_found(r, "x", "/srv/x", ABC, 3);
	put_text(r, PARAMETER, "/nowhere\n");
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	put_text(r, PARAMETER, "/srv\n\n");
	check_refused(r, "x", -EINVAL, "ends in a newline");
	take_away(r, PARAMETER);
	put_text(r, PARAMETER "/is/no/file", "");
	check_refused(r, "x", -EISDIR, PARAMETER);
}

static void test_no_tree(void **state)
{
	struct rig *r = *state;

	check_refused(r, "x", -ENOENT, "no firmware file x");
	r->tree.prefix = "/nonexistent";
	check_refused(r, "x", -ENOENT, "/nonexistent");
}

static void test_names(void **state)
{
	struct rig *r = *state;

	put_text(r, "/lib/firmware/a..b/..c/d..", "abc");
	put_text(r, "/lib/secret", "abc");
	check_found(r, "a..b/..c/d..", "/lib/firmware/a..b/..c/d..", ABC, 3);
	check_found(r, "./a..b//..c/./d..", "/lib/firmware/a..b/..c/d..", ABC, 3);
	check_refused(r, "", -EINVAL, "relative");
	check_refused(r, "/lib/firmware/a", -EINVAL, "relative");
	check_refused(r, "..", -EINVAL, "\"..\"");
	check_refused(r, "../secret", -EINVAL, "\"..\"");
	check_refused(r, "a..b/../../secret", -EINVAL, "\"..\"");
	check_refused(r, "a..b/..", -EINVAL, "\"..\"");
}

/* ---- who could change it ---- */

static void test_writable(void **state)
{
	static const char *const ways[] = {"/lib", "/lib/firmware", "/lib/firmware/a",
					   "/lib/firmware/a/x"};
	static const mode_t modes[] = {0775, 0757, 0777, 01777};
	struct rig *r = *state;

	put_text(r, "/lib/firmware/a/x", "abc");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(modes); j++) {
			_cleanup_free_ char *words =
				mem_printf("%s is writable by others than root (mode %04o)",
					   ways[i], modes[j]);

			set_mode(r, ways[i], modes[j]);
			check_refused(r, "a/x", -EPERM, words);
		}
		set_mode(r, ways[i], 0755);
		check_found(r, "a/x", "/lib/firmware/a/x", ABC, 3);
	}
	set_mode(r, "", 0777);
	check_refused(r, "a/x", -EPERM, "/ is writable by others than root (mode 0777)");
}

/* A file that is not there yet may be there when the kernel looks. */
static void test_writable_before(void **state)
{
	struct rig *r = *state;

	put_text(r, "/lib/firmware/x", "abc");
	put_text(r, "/lib/firmware/updates/y", "abc");
	set_mode(r, "/lib/firmware/updates", 0777);
	check_refused(r, "x", -EPERM, "/lib/firmware/updates is writable");
	set_mode(r, "/lib/firmware/updates", 0755);
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	put_text(r, PARAMETER, "/srv\n");
	put_text(r, "/srv/y", "abc");
	set_mode(r, "/srv", 01777);
	check_refused(r, "x", -EPERM, "/srv is writable");
	/* what comes after it does not matter */
	put_text(r, "/lib/firmware/other/x", "abc");
	set_mode(r, "/lib/firmware/other", 0777);
	set_mode(r, "/srv", 0755);
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
}

static void test_owner(void **state)
{
	struct rig *r = *state;
	_cleanup_free_ char *file = under(r, "/lib/firmware/x"), *dir = under(r, "/lib/firmware");

	put_text(r, "/lib/firmware/x", "abc");
	if (geteuid() != 0) {
		r->tree.owner = geteuid() + 1;
		check_refused(r, "x", -EPERM, "/ does not belong to root");
		return;
	}
	assert_int_equal(chown(file, 1, 0), 0);
	check_refused(r, "x", -EPERM, "/lib/firmware/x does not belong to root");
	r->tree.owner = 1;
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	r->tree.owner = 0;
	assert_int_equal(chown(file, 0, 1), 0);
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	assert_int_equal(chown(dir, 1, 0), 0);
	check_refused(r, "x", -EPERM, "/lib/firmware does not belong to root");
}

/* Who cannot read it cannot vouch for it, though the kernel could. */
static void test_unreadable(void **state)
{
	struct rig *r = *state;
	uid_t me = geteuid();

	put_text(r, "/lib/firmware/x", "abc");
	put_text(r, "/lib/firmware/y", "abc");
	put_text(r, "/srv/x", "abc");
	set_mode(r, "", 0755);
	set_mode(r, "/srv", 0);
	set_mode(r, "/lib/firmware/y", 0);
	if (me == 0)
		assert_int_equal(seteuid(1), 0);
	check_refused(r, "y", -EACCES, "/lib/firmware/y: Permission denied");
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
	assert_int_equal(seteuid(me), 0);
	put_text(r, PARAMETER, "/srv\n");
	if (me == 0)
		assert_int_equal(seteuid(1), 0);
	check_refused(r, "x", -EACCES, "/srv/x: Permission denied");
	assert_int_equal(seteuid(me), 0);
	set_mode(r, "/srv", 0755);
}

/* ---- links and other things ---- */

static void test_links(void **state)
{
	struct rig *r = *state;

	put_text(r, "/usr/lib/firmware/v2/x", "abc");
	put_text(r, "/srv/y", "abc");
	put_link(r, "/lib", "usr/lib");
	put_link(r, "/usr/lib/firmware/current", "v2");
	put_link(r, "/usr/lib/firmware/x", "current/../v2//./x");
	put_link(r, "/usr/lib/firmware/y", "/srv/y");
	put_link(r, "/usr/lib/firmware/out", "../../../../../../srv/y");
	put_link(r, "/usr/lib/firmware/gone", "no/such/file");
	put_link(r, "/usr/lib/firmware/loop", "loop");
	put_link(r, "/usr/lib/firmware/root", "/");
	check_found(r, "x", "/usr/lib/firmware/v2/x", ABC, 3);
	check_found(r, "current/x", "/usr/lib/firmware/v2/x", ABC, 3);
	check_found(r, "y", "/srv/y", ABC, 3);
	check_found(r, "out", "/srv/y", ABC, 3);
	check_found(r, "root/srv/y", "/srv/y", ABC, 3);
	check_refused(r, "gone", -ENOENT, "no firmware file gone");
	check_refused(r, "loop", -ELOOP, "too many symbolic links");
	check_refused(r, "root", -EISDIR, "/ is a directory");
	/* a link leads where it is trusted, or nowhere */
	set_mode(r, "/srv", 0777);
	check_refused(r, "y", -EPERM, "/srv is writable");
	check_refused(r, "out", -EPERM, "/srv is writable");
	set_mode(r, "/srv", 0755);
	put_link(r, "/tmp/y", "/srv/y");
	put_link(r, "/usr/lib/firmware/z", "/tmp/y");
	check_found(r, "z", "/srv/y", ABC, 3);
	set_mode(r, "/tmp", 01777);
	check_refused(r, "z", -EPERM, "/tmp is writable");
}

static void test_not_files(void **state)
{
	struct rig *r = *state;
	_cleanup_free_ char *pipe = under(r, "/lib/firmware/pipe");

	put_text(r, "/lib/firmware/dir/x", "abc");
	put_text(r, "/lib/firmware/empty", "");
	assert_int_equal(mkfifo(pipe, 0644), 0);
	check_refused(r, "dir", -EISDIR, "/lib/firmware/dir is a directory");
	check_refused(r, "dir/x/y", -ENOTDIR, "/lib/firmware/dir/x is not a directory");
	check_refused(r, "pipe", -EACCES, "/lib/firmware/pipe is not a regular file");
	check_refused(r, "empty", -EINVAL, "/lib/firmware/empty is empty");
}

/* ---- what is in it ---- */

static void test_large(void **state)
{
	_cleanup_free_ char *data = mem_alloc(1000000);
	struct rig *r = *state;

	memset(data, 'a', 1000000);
	put(r, "/lib/firmware/plain", data, 1000000);
	put_xz(r, "/lib/firmware/x.xz", data, 1000000);
	put_zstd(r, "/lib/firmware/z.zst", data, 1000000);
	check_found(r, "plain", "/lib/firmware/plain", MILLION, 1000000);
	check_found(r, "x", "/lib/firmware/x.xz", MILLION, 1000000);
	check_found(r, "z", "/lib/firmware/z.zst", MILLION, 1000000);
	/* a packed file that is asked for by its own name is not unpacked */
	check_refused(r, "x.xz.xz", -ENOENT, "x.xz.xz");
	put_text(r, "/lib/firmware/y.xz", "abc");
	check_found(r, "y.xz", "/lib/firmware/y.xz", ABC, 3);
}

static void check_packed(const struct rig *r, const void *data, size_t n)
{
	_cleanup_free_ char *why = NULL;
	struct image image;

	put(r, "/lib/firmware/p", data, n);
	put_xz(r, "/lib/firmware/x.xz", data, n);
	put_zstd(r, "/lib/firmware/z.zst", data, n);
	assert_int_equal(image_find(&r->tree, "p", &image, &why), 0);
	check_found(r, "x", "/lib/firmware/x.xz", image.sha256, n);
	check_found(r, "z", "/lib/firmware/z.zst", image.sha256, n);
	image_clear(&image);
}

/* Sizes around those of the pieces that it is read in, of data that packs well and not at all. */
static void test_sizes(void **state)
{
	static const size_t sizes[] = {1, 65535, 65536, 65537, 131072, 200000};
	_cleanup_free_ unsigned char *noise = mem_alloc(200000), *zeros = mem_alloc(200000);
	uint32_t x = 1;

	for (size_t i = 0; i < 200000; i++)
		noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		check_packed(*state, noise, sizes[i]);
		check_packed(*state, zeros, sizes[i]);
	}
}

/* The file at @path, @n bytes longer (of @c) or shorter. */
static void stretch(const struct rig *r, const char *path, int n, char c)
{
	_cleanup_free_ char *full = under(r, path);
	FILE *f = fopen(full, "a");

	for (int i = 0; i < n; i++)
		fputc(c, f);
	if (n < 0)
		assert_int_equal(ftruncate(fileno(f), ftell(f) + n), 0);
	fclose(f);
}

static void test_damaged(void **state)
{
	struct rig *r = *state;

	put_text(r, "/lib/firmware/x.xz", "this is not packed");
	check_refused(r, "x", -EBADMSG, "/lib/firmware/x.xz is damaged");
	put_text(r, "/lib/firmware/z.zst", "this is not packed");
	check_refused(r, "z", -EBADMSG, "/lib/firmware/z.zst is damaged");
	put_text(r, "/lib/firmware/x.xz", "");
	check_refused(r, "x", -EBADMSG, "/lib/firmware/x.xz is damaged");
	put_text(r, "/lib/firmware/z.zst", "");
	check_refused(r, "z", -EBADMSG, "/lib/firmware/z.zst is damaged");
	put_xz(r, "/lib/firmware/x.xz", "abc", 3);
	stretch(r, "/lib/firmware/x.xz", -1, 0);
	check_refused(r, "x", -EBADMSG, "/lib/firmware/x.xz is damaged");
	put_zstd(r, "/lib/firmware/z.zst", "abc", 3);
	stretch(r, "/lib/firmware/z.zst", -1, 0);
	check_refused(r, "z", -EBADMSG, "/lib/firmware/z.zst is damaged");
	/* the kernel stops at the end of the stream, and takes all frames */
	put_xz(r, "/lib/firmware/x.xz", "abc", 3);
	stretch(r, "/lib/firmware/x.xz", 100, 'x');
	check_found(r, "x", "/lib/firmware/x.xz", ABC, 3);
	put_zstd(r, "/lib/firmware/z.zst", "abc", 3);
	stretch(r, "/lib/firmware/z.zst", 100, 'x');
	check_refused(r, "z", -EBADMSG, "/lib/firmware/z.zst is damaged");
	put_zstd(r, "/lib/firmware/z.zst", "", 0);
	check_refused(r, "z", -EINVAL, "/lib/firmware/z.zst is empty");
}

/* Not every kernel unpacks both. */
static void test_two_packed(void **state)
{
	struct rig *r = *state;

	put_zstd(r, "/lib/firmware/x.zst", "abc", 3);
	put_xz(r, "/lib/firmware/x.xz", "abc", 3);
	check_found(r, "x", "/lib/firmware/x.zst", ABC, 3);
	put_xz(r, "/lib/firmware/x.xz", "abd", 3);
	check_refused(r, "x", -ENOTUNIQ, "/lib/firmware/x.zst and /lib/firmware/x.xz");
	put_text(r, "/lib/firmware/x.xz", "damaged");
	check_refused(r, "x", -EBADMSG, "/lib/firmware/x.xz is damaged");
	put_text(r, "/lib/firmware/x", "abc");
	check_found(r, "x", "/lib/firmware/x", ABC, 3);
}

/* ---- as a precheck ---- */

static int run_check(struct rig *r, const char *sha256, char **ret_why)
{
	struct precheck *p = image_precheck(&r->tree, "x", sha256);
	int error = p->run(p, ret_why);

	assert_null(p->free(p));
	return error;
}

static void test_precheck(void **state)
{
	_cleanup_free_ char *missing = NULL, *other = NULL, *none = NULL;
	struct rig *r = *state;

	assert_int_equal(run_check(r, ABC, &missing), -ENOENT);
	assert_non_null(missing);
	put_text(r, "/lib/firmware/x", "abc");
	assert_int_equal(run_check(r, ABC, &none), 0);
	assert_int_equal(run_check(r, NULL, &none), 0);
	assert_null(none);
	assert_int_equal(run_check(r, MILLION, &other), -EKEYREJECTED);
	assert_string_equal(other, "/lib/firmware/x has the sha256 " ABC ", not " MILLION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),     TEST(test_parameter),  TEST(test_no_tree),
		TEST(test_names),     TEST(test_writable),   TEST(test_writable_before),
		TEST(test_owner),     TEST(test_unreadable), TEST(test_links),
		TEST(test_not_files), TEST(test_large),	     TEST(test_sizes),
		TEST(test_damaged),   TEST(test_two_packed), TEST(test_precheck),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
