// SPDX-License-Identifier: GPL-2.0-or-later
/* The small things that all else stands on: characters of UTF-8, and what error numbers mean. */
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"
#include "model/errors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void check_char(const char *bytes, size_t n, size_t len, uint32_t code)
{
	uint32_t c = 0;

	assert_int_equal(text_char(bytes, n, &c), len);
	assert_int_equal(c, code);
}

static void test_char(_unused_ void **state)
{
	check_char("a", 1, 1, 'a');
	check_char("\x7f", 1, 1, 0x7f);
	check_char("\xc2\x80", 2, 2, 0x80);
	check_char("\xdf\xbf", 2, 2, 0x7ff);
	check_char("\xe0\xa0\x80", 3, 3, 0x800);
	check_char("\xef\xbf\xbf", 3, 3, 0xffff);
	check_char("\xf0\x90\x80\x80", 4, 4, 0x10000);
	check_char("\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff);
}

/* Longer than need be, surrogates, beyond Unicode, cut off: none of them is a character. */
static void test_no_char(_unused_ void **state)
{
	static const char *const none[] = {
		"\x80",
		"\xbf",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc2",
		"\xe2\x82",
		"\xf0\x90\x80",
		"\xc2"
		"a",
		"\xe2\x82"
		"a",
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		check_char(none[i], strlen(none[i]), 0, 0);
	check_char("\xe2\x82\xac", 2, 0, 0); /* whole, but only two bytes of it may be read */
}

static void check_controls(uint32_t from, uint32_t to, bool control)
{
	for (uint32_t c = from; c <= to; c++)
		if (text_is_control(c) != control)
			fail_msg("U+%04X: expected %d", c, control);
}

static void test_control(_unused_ void **state)
{
	check_controls(0, 8, true);
	check_controls('\t', '\n', false);
	check_controls(0xb, 0x1f, true);
	check_controls(0x20, 0x7e, false);
	check_controls(0x7f, 0x9f, true); /* C1 holds an escape in one character */
	check_controls(0xa0, 0x2027, false);
	check_controls(0x2028, 0x202e, true); /* ends of lines and paragraphs, directions */
	check_controls(0x202f, 0x2065, false);
	check_controls(0x2066, 0x2069, true); /* directions, isolated */
	check_controls(0x206a, 0xfefe, false);
	check_controls(0xfeff, 0xfeff, true); /* byte order mark */
	check_controls(0xff00, 0xfffd, false);
	check_controls(0xfffe, 0xffff, true);
	check_controls(0x10000, 0x10ffff, false);
}

static void check_clean(const char *text, const char *expected, const char *expected_line)
{
	_cleanup_free_ char *some = text_clean(text, strlen(text)), *line = text_clean_line(text);

	assert_string_equal(some, expected);
	assert_string_equal(line, expected_line);
}

static void test_clean(_unused_ void **state)
{
	check_clean("", "", "");
	check_clean("größe", "größe", "größe");
	check_clean("a\033[31mb\n\tc\x7f", "a?[31mb\n\tc?", "a?[31mb??c?");
	check_clean("\xc2\x9b", "?", "?");
	check_clean("a\xe2\x80\xa8\xe2\x80\xae"
		    "b",
		    "a??b", "a??b");
	check_clean("\xc0\xaf\xff", "???", "???");
	check_clean("\xed\xa0\x80", "???", "???");
	check_clean("cut \xe2\x82", "cut ??", "cut ??");
}

struct meaning {
	int error;
	bool busy, read_again, lost, of_object;
};

static void test_errors(_unused_ void **state)
{
	static const struct meaning all[] = {
		{0, false, false, false, false},	  {-EAGAIN, true, true, false, false},
		{-EBUSY, true, true, false, false},	  {-EINTR, false, true, false, false},
		{-ENOMEM, false, true, false, false},	  {-ENOBUFS, false, true, true, false},
		{-EBADMSG, false, true, true, false},	  {-ETIMEDOUT, false, true, true, true},
		{-EIO, false, false, false, true},	  {-EINVAL, false, false, false, true},
		{-ENOENT, false, false, false, true},	  {-ENODEV, false, false, false, true},
		{-EOPNOTSUPP, false, false, false, true}, {-EMSGSIZE, false, false, false, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct meaning *m = &all[i];

		if (error_is(m->error, ERROR_BUSY) != m->busy ||
		    error_is(m->error, ERROR_READ_AGAIN) != m->read_again ||
		    error_is(m->error, ERROR_LOST) != m->lost ||
		    error_is(m->error, ERROR_OF_OBJECT) != m->of_object)
			fail_msg("%s", strerror(-m->error));
	}
}

/* What is known to be complete takes no more room than it needs. */
static void test_vec_fit(void **state)
{
	VEC(int) list = {};

	(void)state;
	vec_fit(&list);
	assert_null(list.v);
	for (int i = 0; i < 9; i++)
		vec_push(&list, i);
	vec_fit(&list);
	assert_int_equal(list.cap, 9);
	assert_int_equal(list.v[8], 8);
	vec_push(&list, 9);
	assert_int_equal(list.v[9], 9);
	vec_clear(&list);
}

static size_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

/* Held lines come in their order, and none is lost. */
static void test_log_held(void **state)
{
	int file = memfd_create("log", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	char text[64] = "";

	(void)state;
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	log_with(LOG_ERR, NULL, "one");
	assert_int_equal(size_of(file), 4);
	log_hold();
	log_with(LOG_ERR, NULL, "two %d", 2);
	log_with(LOG_DEBUG, NULL, "not told");
	log_with(LOG_ERR, &(struct log_fields){.device = "a/b"}, "three");
	assert_int_equal(size_of(file), 4);
	log_release();
	log_with(LOG_ERR, NULL, "four");
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "one\ntwo 2\nthree\nfour\n");
	close(file);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vec_fit), cmocka_unit_test(test_log_held),
		cmocka_unit_test(test_char),	cmocka_unit_test(test_no_char),
		cmocka_unit_test(test_control), cmocka_unit_test(test_clean),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
