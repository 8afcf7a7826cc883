// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of firmware versions, and which of a device's versions is its firmware's. */
#include "model/facts.h"
#include "model/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Checks both directions: what is older one way is newer the other way. */
static void check(const char *driver, const char *key, const char *a, const char *b,
		  enum version_order expected)
{
	enum version_order back = version_compare(driver, key, b, a);
	enum version_order there = version_compare(driver, key, a, b);

	if (there != expected ||
	    back != (expected == VERSION_DIFFERENT ? expected : (enum version_order) - expected))
		fail_msg("\"%s\" and \"%s\": %d, and back %d; expected %d", a, b, there, back,
			 expected);
	assert_int_equal(version_compare(driver, key, a, a), VERSION_SAME);
}

/* mlxsw prints no leading zeros, mlx5 four digits; the operator may write either. */
static void test_numbers(void **state)
{
	(void)state;
	check("mlxsw_spectrum", "fw", "13.2010.1406", "13.2010.1406", VERSION_SAME);
	check("mlxsw_spectrum", "fw", "13.2010.1406", "13.2010.01406", VERSION_SAME);
	check("mlxsw_spectrum", "fw", "13.2008.3326", "13.2010.1006", VERSION_OLDER);
	check("mlxsw_spectrum", "fw", "13.2010.999", "13.2010.1006", VERSION_OLDER);
	check("mlxsw_spectrum", "fw", "9.2010.1006", "13.2010.1006", VERSION_OLDER);
	check("mlxsw_spectrum", "fw", "30.1.2", "13.9.9", VERSION_NEWER);
	check("mlx5_core", "fw.version", "16.35.0900", "16.35.900", VERSION_SAME);
	check("mlx5_core", "fw.version", "16.35.0900", "16.35.2000", VERSION_OLDER);
	check("mlx5_core", "fw.version", "22.36.1010", "22.36.0999", VERSION_NEWER);
	check("netdevsim", "fw.mgmt", "10.20.30", "10.20.4", VERSION_NEWER);
	check("hns3", "fw", "1.20.0.17", "1.9.38.10", VERSION_NEWER);
	check(NULL, NULL, "7", "11", VERSION_OLDER);
}

/* Not only as far as a machine word goes. */
static void test_long_numbers(void **state)
{
	(void)state;
	check("x", "fw", "1.18446744073709551616", "1.18446744073709551617", VERSION_OLDER);
	check("x", "fw", "1.18446744073709551616", "1.0", VERSION_NEWER);
	check("x", "fw", "20230101000000000000000", "20230101000000000000000", VERSION_SAME);
}

static void test_missing_parts(void **state)
{
	(void)state;
	check("x", "fw", "1.2", "1.2.0", VERSION_SAME);
	check("x", "fw", "1.2", "1.2.0.00", VERSION_SAME);
	check("x", "fw", "1.2", "1.2.1", VERSION_OLDER);
	check("x", "fw", "1.2.0.1", "1.2", VERSION_NEWER);
	check("x", "fw", "13.2010", "13.2010.1406", VERSION_OLDER);
	check("x", "fw", "0", "0.0.0", VERSION_SAME);
	/* a point with no number behind it is text */
	check("x", "fw", "1.2", "1.2.", VERSION_DIFFERENT);
	check("x", "fw", "1.2.", "1.2.x", VERSION_DIFFERENT);
}

/* Several numbers with text between them: the first that differs decides. */
static void test_groups(void **state)
{
	(void)state;
	check("bnxt_en", "fw", "218.0.166.0/pkg 218.0.169.2", "218.0.166.0/pkg 218.0.170.0",
	      VERSION_OLDER);
	check("bnxt_en", "fw", "220.0.59.0/pkg 9", "218.0.166.0/pkg 10", VERSION_NEWER);
	check("bnxt_en", "fw", "218.0.166.0/pkg 5.6", "218.0.166.0/pkg 5.6.0", VERSION_SAME);
	check("ionic", "fw", "1.8.0-32", "1.8.0-4", VERSION_NEWER);
	check("x", "fw", "v1.10", "v1.9", VERSION_NEWER);
	check("x", "fw", "1.2-3 build 4", "1.2-3 build 5", VERSION_OLDER);
	check("x", "fw", "1.2 -3", "1.2.0 -3", VERSION_SAME);
}

/* Text that differs has no order, unless a number before it has decided. */
static void test_text(void **state)
{
	(void)state;
	check("x", "fw", "1.2.3a", "1.2.3b", VERSION_DIFFERENT);
	check("x", "fw", "1.2.3", "1.2.3-rc1", VERSION_DIFFERENT);
	check("x", "fw", "1.2.3.4", "1.2.3.4/pkg 5.6", VERSION_DIFFERENT);
	check("x", "fw", "1.2.3a", "1.3.0b", VERSION_OLDER);
	/* this may be meant hexadecimal */
	check("x", "fw", "1.3a", "1.10", VERSION_DIFFERENT);
	check("x", "fw", "1.2a", "1.2.3", VERSION_DIFFERENT);
	check("x", "fw", "1.2.a", "1.2.3", VERSION_DIFFERENT);
	check("x", "fw", "1.2-rc1", "1.2.3", VERSION_OLDER);
	check("x", "fw", "v1", "1", VERSION_DIFFERENT);
	check("x", "fw", "v1", "V1", VERSION_DIFFERENT);
	check("ionic", "fw", "1.8.0-E-28", "1.8.0-32", VERSION_DIFFERENT);
	check("ice", "fw.app.name", "ICE OS Default Package", "ICE COMMS Package",
	      VERSION_DIFFERENT);
	check("x", "fw", "", "", VERSION_SAME);
	check("x", "fw", "", "0", VERSION_DIFFERENT);
	check("x", "fw", "1", "", VERSION_DIFFERENT);
	check("x", "fw", "1\xc3\xa4", "1\xc3\xb6", VERSION_DIFFERENT);
}

static void test_build_ids(void **state)
{
	(void)state;
	check("ice", "fw.bundle_id", "0x8000d8b1", "0x8000D8B1", VERSION_SAME);
	check("ice", "fw.bundle_id", "0x8000d8b1", "0x08000d8b1", VERSION_SAME);
	check("ice", "fw.bundle_id", "0x8000d8b1", "0x8000d8b2", VERSION_DIFFERENT);
	check("x", "fw", "0x10", "16", VERSION_DIFFERENT);
	check("x", "fw", "0x10", "0", VERSION_DIFFERENT);
	check("x", "fw", "1.2-0xa", "1.3-0xb", VERSION_OLDER);
	check("x", "fw", "1.2-0xa 5", "1.2-0xA 6", VERSION_OLDER);
	check("x", "fw", "0x", "0x", VERSION_SAME);
}

/* Drivers that print dotted numbers in hexadecimal are known by name and key. */
static void test_hexadecimal(void **state)
{
	(void)state;
	check("ice", "fw.psid.api", "4.a0", "4.9f", VERSION_NEWER);
	check("ice", "fw.psid.api", "4.0f", "4.F", VERSION_SAME);
	check("ice", "fw.psid.api", "a.00", "9.ff", VERSION_NEWER);
	check("ice", "fw.netlist", "4.4.5000-2.1b.0", "4.4.5000-2.a.0", VERSION_NEWER);
	check("ice", "fw.mgmt", "7.3a", "7.3b", VERSION_DIFFERENT);
	check("i40e", "fw.psid.api", "4.a0", "4.9f", VERSION_DIFFERENT);
	check(NULL, "fw.psid.api", "4.a0", "4.9f", VERSION_DIFFERENT);
	check("ice", NULL, "4.a0", "4.9f", VERSION_DIFFERENT);
}

static struct facts with(const struct version *v, size_t n)
{
	struct facts f = {};

	for (size_t i = 0; i < n; i++)
		vec_push(&f.versions, v[i]);
	return f;
}

#define FACTS(...)                                                                                 \
	with((const struct version[]){__VA_ARGS__},                                                \
	     sizeof((const struct version[]){__VA_ARGS__}) / sizeof(struct version))

static void check_key(struct facts f, const char *written, const char *expected)
{
	const char *key = facts_firmware_key(&f, written);

	if (expected)
		assert_string_equal(key, expected);
	else
		assert_null(key);
	facts_clear(&f);
}

static void test_key(void **state)
{
	const struct version psid = {VERSION_FIXED, "fw.psid", "MT_0001"};
	const struct version fw = {VERSION_RUNNING, "fw", "1.2.3"};
	const struct version fw_version = {VERSION_RUNNING, "fw.version", "1.2.3"};
	const struct version mgmt = {VERSION_RUNNING, "fw.mgmt", "1"};
	const struct version undi = {VERSION_RUNNING, "fw.undi", "2"};
	const struct version running_psid = {VERSION_RUNNING, "fw.psid", "MT_0001"};
	const struct version stored = {VERSION_STORED, "fw", "1.2.4"};

	(void)state;
	check_key(FACTS(psid, fw_version, fw), NULL, "fw");
	check_key(FACTS(psid, fw_version, mgmt), NULL, "fw.version");
	check_key(FACTS(psid, mgmt), NULL, "fw.mgmt");
	check_key(FACTS(mgmt, psid, running_psid), NULL, "fw.mgmt");
	check_key(FACTS(mgmt, mgmt), NULL, "fw.mgmt");
	check_key(FACTS(mgmt, undi), NULL, NULL);
	check_key(FACTS(psid, running_psid), NULL, NULL);
	/* what is only stored cannot be compared with what runs */
	check_key(FACTS(stored, mgmt), NULL, "fw.mgmt");
	check_key(FACTS(stored), NULL, NULL);
	check_key((struct facts){}, NULL, NULL);
	check_key(FACTS(fw), "fw.undi", "fw.undi");
}

static void test_lookup(void **state)
{
	struct facts f = FACTS({VERSION_RUNNING, "fw", "1.2.3"}, {VERSION_STORED, "fw", "1.2.4"},
			       {VERSION_FIXED, "hw.revision", "A0"});

	(void)state;
	assert_string_equal(facts_version(&f, VERSION_RUNNING, "fw"), "1.2.3");
	assert_string_equal(facts_version(&f, VERSION_STORED, "fw"), "1.2.4");
	assert_null(facts_version(&f, VERSION_FIXED, "fw"));
	assert_string_equal(facts_version(&f, VERSION_FIXED, "hw.revision"), "A0");
	assert_null(facts_version(&f, VERSION_RUNNING, "hw.revision"));
	assert_string_equal(facts_lookup(&f, "pci/0", "fw"), "1.2.3");
	facts_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	      cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_missing_parts), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_text),	      cmocka_unit_test(test_build_ids),
		cmocka_unit_test(test_hexadecimal),   cmocka_unit_test(test_key),
		cmocka_unit_test(test_lookup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
